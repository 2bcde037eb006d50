"""The registry of tasks. A file in this package adds its own; listing them loads no data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.aliases import TASKS
from isthmus.registry import Registry
from isthmus.store import DatasetEntry

if TYPE_CHECKING:
    from isthmus.tasks.task import Task


@dataclass(frozen=True, kw_only=True)
class TaskEntry(DatasetEntry):
    """A task that can be loaded by its name, as `tasks[name]`.

    Its `shape` is what `Task.shape` says once the data is loaded.

    Attributes:
        kind: Name in `problem_types`.
        load: Function that takes the folder of all data (None: the default one) and returns the task.
        expert: Method whose network was designed by hand for the task: its name, or its name and options.
    """

    kind: str
    load: Callable[[Path | None], "Task"] = field(repr=False)
    expert: str | Mapping[str, Any] | None = None


tasks: Registry[TaskEntry] = Registry(
    "task",
    "isthmus.tasks.bundled",
    "isthmus.tasks.nasbench360",
    "isthmus.tasks.pdebench",
    aliases=TASKS,
    variable="tasks",
)


def load_task(name: str, root: Path | str | None = None) -> "Task":
    """Load a task by its name.

    Args:
        name: Name in `tasks`.
        root: Folder of all data; tasks that come inside a package do not read it.

    Raises:
        InputError: If no task has that name, or its data is not there.
    """
    return tasks[name].load(None if root is None else Path(root))
