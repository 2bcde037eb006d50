"""Distributed training under torchrun or srun: the first process goes ahead, the others wait and join it."""

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
"""Key of the shared store that the first process sets when it begins to train"""

PATIENCE = timedelta(days=7)
"""How long the others wait while the first process chooses settings or searches for them"""


def cluster_environment() -> ClusterEnvironment:
    """Return how the processes find one another: as torchrun or srun says, else as Lightning arranges it."""
    started = launched()
    if started is None:
        return LightningEnvironment()  # also in a job of Slurm that has one task
    return {"torchrun": TorchElasticEnvironment, "srun": _slurm}[started.launcher]()


def _slurm() -> ClusterEnvironment:
    return SLURMEnvironment(auto_requeue=False)  # what was cut off is gone on with by the same command


def wait_for_first(folder: Path) -> None:
    """Wait until the first process begins to train, and check that its files are seen from here.

    A process that Lightning has started need not wait: Lightning starts it when the first one trains.

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
    """Let the processes that wait for the first one go on, and join all of them in a process group.

    Where Lightning starts the processes, it does this itself.
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
    """Return the key-value store that the processes share, at the address that torchrun or srun gives."""
    environment = cluster_environment()
    rank, size = environment.global_rank(), environment.world_size()
    address, port = environment.main_address, str(environment.main_port)
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = address, port
    store = next(rendezvous("env://", rank, size, timeout=PATIENCE))[0]
    return store
