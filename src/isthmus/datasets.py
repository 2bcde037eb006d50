"""What lies on a disk: the data of tasks and of sources, by one name each."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from isthmus.errors import InputError, unknown
from isthmus.sources import sources
from isthmus.store import DataSet
from isthmus.tasks import tasks


class HeldData(NamedTuple):
    """The data set of a task or a source, and what is said of it.

    Attributes:
        about: one line.
        shape: of a sample -> of its target, and how many there are.
        data: files and arrays.
        load: makes the task or source of the arrays, in a folder of all data.
    """

    about: str
    shape: str
    data: DataSet
    load: Callable[[Path | None], object]


def datasets() -> dict[str, HeldData]:
    """All that lies on a disk: tasks, then sources."""
    of_tasks = {n: HeldData(e.about, e.shape, e.data, e.load) for n, e in tasks.items() if e.data}
    of_sources = {
        n: HeldData(e.about, e.shape, e.data, partial(e.load, 0)) for n, e in sources.items() if e.data
    }
    return of_tasks | of_sources


def find(name: str) -> HeldData:
    """What lies on a disk under that name.

    Raises:
        InputError: if there is no such task or source, or it needs no data on a disk.
    """
    found = datasets()
    if name in found:
        return found[name]
    if name in tasks or name in sources:
        raise InputError(f"the data of '{name}' comes inside a package or is drawn; there is nothing to do")
    raise unknown("task or source", name, [*tasks, *sources])
