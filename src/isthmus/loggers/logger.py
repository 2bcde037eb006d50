"""What a logger is, and the registry of loggers."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.files import write_text
from isthmus.launchers import is_first_process
from isthmus.registry import Registry

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

Opener = Callable[[Path, Mapping[str, Any]], AbstractContextManager["Logger | None"]]
"""Opens a logger while a run trains: (run folder, settings of the run) -> Lightning's logger, or None"""

loggers: Registry[Callable[..., Opener]] = Registry("logger", "isthmus.loggers")
"""Functions from options, their keyword-only parameters, to what opens a logger"""

LOGGER_ID = "logger.txt"
"""File of a run's folder that holds the id of the run in its logger, so that a resumed run goes on there"""


def open_logger(
    part: Mapping[str, Any] | None, folder: Path, settings: Mapping[str, Any]
) -> AbstractContextManager["Logger | None"]:
    """Open the logger that a setting names, for as long as a run trains.

    Args:
        part: Name of a logger and its options; None for none.
        folder: Run directory.
        settings: Settings of the run, which the logger keeps.
    """
    if part is None:
        return nullcontext()
    options = {key: value for key, value in part.items() if key != "name"}
    return loggers[part["name"]](**options)(folder, settings)


def known_id(folder: Path) -> str | None:
    """Return the id that a run has in its logger; None before it has one."""
    path = folder / LOGGER_ID
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def keep_id(folder: Path, name: str) -> str:
    """Keep the id that a run has in its logger, and return it; of several processes, the first does it."""
    if is_first_process():
        write_text(folder / LOGGER_ID, name + "\n")
    return name
