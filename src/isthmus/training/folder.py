"""The folder of a run: who may write to it, and when."""

from pathlib import Path

from isthmus.config import RunConfig
from isthmus.errors import InputError
from isthmus.files import make_folder
from isthmus.training.checkpoints import LAST

CONFIG, RESULT, METRICS, MODEL, LOG = "config.yaml", "result.json", "metrics.csv", "model", "log.txt"


def default_folder(config: RunConfig) -> Path:
    """runs/TASK-METHOD-BACKBONE-SEED"""
    backbone = Path(config.backbone).name
    return Path("runs") / f"{config.task}-{config.method['name']}-{backbone}-{config.seed}"


def claim(folder: Path, config: RunConfig, resume: bool) -> Path | None:
    """Make the folder this run's, or find what there is to resume.

    Returns:
        The checkpoint to resume from; None to start at the beginning.

    Raises:
        InputError: if it holds another run, or this one without `resume`.
    """
    stored = folder / CONFIG
    if stored.exists():
        there = RunConfig.read(stored)
        if there != config:
            raise InputError(f"'{folder}' holds another run: {_difference(there, config)}; give another folder")
        if not resume:
            raise InputError(f"'{folder}' holds this run already; give --resume to go on with it, or another folder")
    elif folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"'{folder}' is not empty and holds no run; give another folder")
    make_folder(folder)
    if not stored.exists():
        config.write(stored)
    last = folder / "checkpoints" / LAST
    return last if last.exists() else None


def _difference(there: RunConfig, here: RunConfig) -> str:
    """The first setting in which two runs differ."""
    ours = here.model_dump()
    key, value = next((key, value) for key, value in there.model_dump().items() if value != ours[key])
    return f"its {key} is {value!r}, and {ours[key]!r} was asked for"
