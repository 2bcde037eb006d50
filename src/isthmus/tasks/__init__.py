"""Target problems: data, kind of output, loss and metric. They know nothing of networks.

A new task is one call, `Task.from_arrays`, or one file in a folder here that registers a `TaskEntry`.
"""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names
from isthmus.tasks.problem_types import Output, ProblemType, problem_types  # not the module of that name

if TYPE_CHECKING:
    from isthmus.tasks.arrays import prepare_inputs
    from isthmus.tasks.loading import TaskEntry, load_task, tasks
    from isthmus.tasks.task import Split, Task, split_validation

__all__ = [
    "Output",
    "ProblemType",
    "Split",
    "Task",
    "TaskEntry",
    "load_task",
    "prepare_inputs",
    "problem_types",
    "split_validation",
    "tasks",
]

__getattr__ = lazy_names(__name__)
