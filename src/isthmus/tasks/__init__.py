"""Target problems: data, kind of output, loss, metric. Knows nothing of networks.

A new task is one call, `Task.from_arrays`, or one file here that registers a `TaskEntry`.
"""

from isthmus.tasks.entries import TaskEntry, load_task, tasks
from isthmus.tasks.inputs import prepare_inputs
from isthmus.tasks.kinds import Kind, Output, kinds
from isthmus.tasks.task import Split, Task
from isthmus.tasks.validation import split_validation

__all__ = [
    "Kind",
    "Output",
    "Split",
    "Task",
    "TaskEntry",
    "kinds",
    "load_task",
    "prepare_inputs",
    "split_validation",
    "tasks",
]
