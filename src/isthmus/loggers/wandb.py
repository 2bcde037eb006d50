"""Weights & Biases: files in the folder of the run, which `wandb sync` uploads, or a run on a server."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.extras import check_installed
from isthmus.loggers.logger import Opener, keep_id, known_id, loggers

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger


@loggers.register("wandb")
def wandb(*, project: str = "isthmus", offline: bool = True) -> Opener:
    """Log to Weights & Biases, by default offline, in the folder `wandb` of the run.

    Args:
        project: Name of the project.
        offline: Whether to write files alone, which `wandb sync` uploads later.
    """
    check_installed("the logger 'wandb'", "wandb", "wandb")

    @contextmanager
    def opened(folder: Path, settings: Mapping[str, Any]) -> Iterator["Logger | None"]:
        os.environ.setdefault("WANDB_SILENT", "true")  # also while it is imported
        import wandb
        from lightning.pytorch.loggers import WandbLogger

        logger = WandbLogger(
            name=folder.name,
            save_dir=folder,
            project=project,
            offline=offline,
            id=known_id(folder) or keep_id(folder, uuid.uuid4().hex[:8]),
            settings=wandb.Settings(silent=True, console="off"),
        )
        logger.log_hyperparams(dict(settings))
        failed = True
        try:
            yield logger
            failed = False
        finally:
            wandb.finish(exit_code=int(failed))  # else the next run of this process would go on in this one

    return opened
