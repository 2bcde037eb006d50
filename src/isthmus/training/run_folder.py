"""The folder of a run: who may write to it, and when."""

import shutil
from pathlib import Path

from isthmus.config import RunConfig, make_config
from isthmus.errors import InputError
from isthmus.files import is_part, make_folder, sweep
from isthmus.training.checkpoints import LAST, saved_config

CONFIG, RESULT, METRICS, LOG = "config.yaml", "result.json", "metrics.csv", "log.txt"
FOUND = "found.json"
MODEL, CHECKPOINTS, TENSORBOARD = "model", "checkpoints", "tensorboard"


def default_folder(config: RunConfig) -> Path:
    """runs/TASK-METHOD-BACKBONE-SEED"""
    name = f"{config.task}-{config.method['name']}-{Path(config.backbone).name}-{config.seed}"
    return Path("runs") / name.replace("/", "-")


def last_checkpoint(folder: Path) -> Path | None:
    """Where a run can go on; None if nothing was kept yet."""
    path = folder / CHECKPOINTS / LAST
    return path if path.exists() else None


def claim(folder: Path, config: RunConfig, resume: bool) -> Path | None:
    """Make the folder this run's, or find what there is to resume; clear away what was cut off half-way.

    Returns:
        The checkpoint to resume from; None to start at the beginning.

    Raises:
        InputError: if it holds another run or something else, or this run without `resume`, or a checkpoint
            that is damaged or another run's, or if it cannot be written to.
    """
    stored = folder / CONFIG
    begun = stored.exists()
    if begun:
        _check_same(f"'{folder}' holds another run", RunConfig.read(stored), config)
        if not resume:
            raise InputError(
                f"'{folder}' holds this run already; give --resume to go on with it, or another folder"
            )
    elif folder.is_dir() and not all(is_part(path) for path in folder.iterdir()):
        raise InputError(f"'{folder}' is not empty and holds no run; give another folder")
    checkpoint = last_checkpoint(folder) if begun else None
    if checkpoint is not None:
        there = make_config(saved_config(checkpoint))
        _check_same(f"'{checkpoint}' is a checkpoint of another run", there, config)
    make_folder(folder)
    sweep(folder)
    if not (folder / RESULT).exists():  # what is there of the model was cut off
        shutil.rmtree(folder / MODEL, ignore_errors=True)
    if not begun:
        config.write(stored)
    return checkpoint


def _check_same(complaint: str, there: RunConfig, config: RunConfig) -> None:
    """Raise InputError with the first setting in which two runs differ, if one does."""
    found_there = there.model_dump()
    for key, value in config.model_dump().items():
        if found_there[key] != value:
            found = f"its {key} is {found_there[key]!r}, and {value!r} was asked for"
            raise InputError(f"{complaint}: {found}; give another folder")
