"""TensorBoard: event files in the folder of the run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.extras import check_installed
from isthmus.loggers.logger import Opener, loggers

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

FOLDER = "tensorboard"


@contextmanager
def _opened(folder: Path, settings: Mapping[str, Any]) -> Iterator["Logger | None"]:
    from lightning.pytorch.loggers import TensorBoardLogger

    yield TensorBoardLogger(folder, name="", version=FOLDER) if find_spec("tensorboard") else None


@loggers.register("auto")
def auto() -> Opener:
    """Log to TensorBoard where it is installed, and nowhere else."""
    return _opened


@loggers.register("tensorboard")
def tensorboard() -> Opener:
    """Log to TensorBoard, in the folder `tensorboard` of the run."""
    check_installed("the logger 'tensorboard'", "tensorboard", "tensorboard")
    return _opened
