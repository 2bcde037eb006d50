"""Processes of one run that others have started: which of them goes ahead, and how they find one another."""

import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch import distributed
from torch.distributed.rendezvous import rendezvous

from isthmus.errors import InputError
from isthmus.launchers import launched
from isthmus.training.run_folder import CONFIG, RESULT

BEGUN = "isthmus/begun"
"""Key of what the processes share that the first one sets when it begins to train"""

PATIENCE = timedelta(days=7)
"""How long the others wait while the first process chooses settings or searches for them"""


def cluster_environment() -> ClusterEnvironment:
    """Return how processes find one another: as who started them tells, else as Lightning starts them."""
    started = launched()
    if started is None:
        return LightningEnvironment()  # also in a job of Slurm that has one task
    return {"torchrun": TorchElasticEnvironment, "srun": _slurm}[started.launcher]()


def _slurm() -> ClusterEnvironment:
    return SLURMEnvironment(auto_requeue=False)  # what was cut off is gone on with by the same command


def wait_for_first(folder: Path) -> None:
    """Wait until the first process has come to its training, and find its files in the run's folder.

    That is at once where Lightning has started this process, which it does when it trains.

    Args:
        folder: Run directory.

    Raises:
        InputError: If this machine does not see the run's folder.
        SystemExit: If the run is finished.
    """
    if (folder / RESULT).exists():
        raise SystemExit(0)
    if launched() is None:
        return
    _meet().wait([BEGUN], PATIENCE)
    if not (folder / CONFIG).exists():
        message = f"this machine does not see '{folder}', where the first process keeps the run; give a"
        raise InputError(f"{message} folder on a disk that all machines share", kind="file", key=folder)


def begin_together() -> None:
    """Begin to train in all processes: the others come now, which have waited for the first.

    Nothing is to be done where Lightning starts them.
    """
    started = launched()
    if started is None:
        return
    store = _meet()
    store.set(BEGUN, "")
    backend = "nccl" if torch.cuda.is_available() else "gloo"  # as Lightning takes them
    distributed.init_process_group(backend, store=store, rank=started.rank, world_size=started.processes)


@cache
def _meet() -> Any:
    """Return what the processes share, where who started them says that they find one another."""
    environment = cluster_environment()
    rank, size = environment.global_rank(), environment.world_size()
    address, port = environment.main_address, str(environment.main_port)
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = address, port
    store = next(rendezvous("env://", rank, size, timeout=PATIENCE))[0]
    return store
