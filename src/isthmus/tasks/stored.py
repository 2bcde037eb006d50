"""Tasks whose data lies on a disk: how they are registered, and made of stored arrays."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.store import SYNTHETIC, DataSet, Store, open_store
from isthmus.tasks.generated import GENERATED, RECORD
from isthmus.tasks.loading import TaskEntry, tasks
from isthmus.tasks.problem_types import Output, problem_types
from isthmus.tasks.task import Augment, Split, Task


def stored(
    name: str,
    about: str,
    kind: str,
    shape: str,
    data: DataSet,
    open_task: Callable[[TaskEntry, Store], Task],
    expert: str | Mapping[str, Any] | None = None,
) -> None:
    """Register a task whose data lies on a disk.

    Args:
        name, about, kind, shape, expert: as a `TaskEntry` has them.
        data: what lies there.
        open_task: makes the task of the arrays; its entry gives name and one line about it.
    """

    def load(root: Path | None) -> Task:
        return _load(entry, open_task, root)

    entry = TaskEntry(name, about, kind, shape, data.citation[0], load, data, expert)
    tasks.register(name)(entry)


def _load(entry: TaskEntry, open_task: Callable[[TaskEntry, Store], Task], root: Path | None) -> Task:
    """The task of prepared data; `about` says what was generated, and of a synthetic stand-in the name too.

    Raises:
        InputError: if no data was prepared, or a split has more or fewer samples than targets.
    """
    store = open_store(entry.name, root)
    task = open_task(entry, store)
    for split in (task.train, task.validation, task.test):
        if split is not None and len(split.x) != len(split.y):
            raise InputError(f"'{store.folder}' has {len(split.x)} samples and {len(split.y)} targets")
    if RECORD in store.card.files:
        return replace(task, about=f"{task.about} ({GENERATED})")
    if not store.synthetic:
        return task
    return replace(task, name=f"{entry.name}-synthetic", about=f"{task.about} ({SYNTHETIC})")


def make_task(
    entry: TaskEntry,
    output: Output,
    train: Split,
    test: Split,
    validation: Split | None = None,
    *,
    classes: tuple[int | str, ...] = (),
    y_mean: tuple[float, ...] | None = None,
    y_std: tuple[float, ...] | None = None,
    loss: str | None = None,
    metric: str | None = None,
    reference: str | None = None,
    augment: Augment | None = None,
) -> Task:
    """A task of stored arrays; what is not given is as its kind has it."""
    kind = problem_types[entry.kind]
    return Task(
        name=entry.name,
        kind=entry.kind,
        train=train,
        validation=validation,
        test=test,
        output=output,
        classes=classes,
        y_mean=y_mean or (0.0,) * output.channels,
        y_std=y_std or (1.0,) * output.channels,
        metric=metric or kind().metric(output),
        loss=loss or kind.loss,
        reference=reference,
        augment=augment,
        about=entry.about,
        expert=entry.expert,
    )
