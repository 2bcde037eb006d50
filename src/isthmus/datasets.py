"""All data sets that lie on a disk: those of tasks and those of sources, by name."""

from isthmus.errors import unknown
from isthmus.sources import sources
from isthmus.store import DatasetEntry
from isthmus.tasks import tasks


def datasets() -> dict[str, DatasetEntry]:
    """Return the tasks, then the sources, whose data lies on a disk, by name."""
    entries: dict[str, DatasetEntry] = {**tasks, **sources}
    return {name: entry for name, entry in entries.items() if entry.data is not None}


def find(name: str) -> DatasetEntry:
    """Return the task or source of that name, whose data lies on a disk.

    Raises:
        InputError: If there is no such task or source, or it needs no data on a disk.
    """
    entries: dict[str, DatasetEntry] = {**tasks, **sources}
    name = tasks.canonical(name)
    if name not in entries:
        raise unknown("task or source", name, [*entries])
    entries[name].require_data()
    return entries[name]
