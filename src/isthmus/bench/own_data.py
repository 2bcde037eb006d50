"""Data of the user's own in a grid: described in the grid's folder, so that the grid goes on from there."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from isthmus.errors import InputError
from isthmus.files import make_folder, write_text
from isthmus.tasks import Task, tasks
from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.description_file import complete

DESCRIPTIONS = "data"
"""Folder in that of a grid, with a description of each file that its tasks were read from"""


def write_descriptions(folder: Path, given: Mapping[str, Task]) -> None:
    """Write how the tasks that were read from files were read."""
    for name, task in given.items():
        if task.origin is not None:
            path = _path(folder, name)
            make_folder(path.parent)
            write_text(path, complete(task.origin.description))


def read_descriptions(folder: Path, names: Iterable[str]) -> dict[str, Task]:
    """Read tasks of the user's own again, those of these names that a grid's folder describes.

    Raises:
        InputError: If the data is not there any more, or not as described.
    """
    paths = {name: _path(folder, name) for name in names if name not in tasks}
    found = {}
    for name, path in paths.items():
        if path.is_file():
            try:
                found[name] = custom_task(path)
            except InputError as error:
                message = f"'{folder}' compares on data of your own: {error}"
                raise InputError(message, kind=error.kind, key=error.key) from None
    return found


def _path(folder: Path, name: str) -> Path:
    safe = "".join(c if c.isalnum() or c in "-_.+=" else "-" for c in name)
    return folder / DESCRIPTIONS / f"{safe}.yaml"
