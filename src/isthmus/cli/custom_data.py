"""The user's own data on the command line: the options `--data` and `--describe`, and a task beside them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.config.description import KEYS
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.tasks.custom import Description

DATA = "Your own data: .npz, .h5, .csv, .parquet, a folder of classes, or a .yaml that describes it."
DESCRIBE = "YAML file that describes the data: what is x, what is y, which kind of output."


def described_data(
    task: str | None, data: Path | None, description: Path | None, keys: dict[str, Any]
) -> "Description | None":
    """Return the description of the user's own data; None if a task is asked for by name."""
    if data is None and description is None:
        if keys:
            raise InputError(
                f"{KEYS[next(iter(keys))].flag} describes data of your own; give its file: --data FILE",
                kind="missing",
                key="data",
            )
        return None
    if task is not None:
        raise task_and_data(task, data or description)
    from isthmus.tasks.custom import describe

    return describe(data, description, keys)


def task_and_data(task: object, data: object) -> InputError:
    """Make the error for a task by name beside data of one's own."""
    message = f"give the name of a task, or data of your own, not both: '{task}', '{data}'"
    return InputError(message, kind="conflict", key="task")


def no_task() -> InputError:
    """Make the error for neither a task by name nor data of one's own."""
    return InputError("give the name of a task; `isthmus list tasks` shows them", kind="missing", key="task")
