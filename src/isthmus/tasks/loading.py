"""The tasks known by name. A file in this package adds its own; listing them loads no data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isthmus.registry import Registry
from isthmus.store import DataSet
from isthmus.tasks.task import Task


@dataclass(frozen=True)
class TaskEntry:
    """A task that can be loaded, as `tasks[name]`."""

    name: str
    about: str
    """one line: what is measured, and what is to be told from it"""
    kind: str
    """a name in `problem_types`"""
    shape: str
    """what `Task.shape` says once the data is there"""
    source: str
    """reference of the data"""
    load: Callable[[Path | None], Task] = field(repr=False)
    """takes the folder where downloaded data sets are kept (None: the default one), gives the task"""
    data: DataSet | None = field(default=None, repr=False)
    """files, arrays and how the one becomes the other; None if the data comes inside a package"""
    expert: str | Mapping[str, Any] | None = None
    """the method whose network was designed by hand for it: a name, or a name and options"""


tasks: Registry[TaskEntry] = Registry("task", "isthmus.tasks")


def load_task(name: str, root: Path | str | None = None) -> Task:
    """A task by its name.

    Args:
        name: one of `tasks`.
        root: folder of downloaded data sets; tasks that come inside a package do not read it.

    Raises:
        InputError: if no task has that name, or its data is not there.
    """
    return tasks[name].load(None if root is None else Path(root))
