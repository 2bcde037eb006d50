"""Tasks whose data lies on a disk: how they are registered and made from stored arrays."""

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
        name: Name of the task and of its data set.
        about: One line that says what is measured and what is predicted from it.
        kind: Name in `problem_types`.
        shape: Shape of a sample -> shape of its target, and the number of samples.
        data: Data set; its first citation is the task's reference.
        open_task: Function that makes the task of its entry from the stored arrays.
        expert: Method whose network was designed by hand for the task: its name, or its name and options.
    """

    def load(root: Path | None) -> Task:
        return _load(entry, open_task, root)

    entry = TaskEntry(
        name=name,
        about=about,
        kind=kind,
        shape=shape,
        reference=data.citation[0],
        load=load,
        data=data,
        expert=expert,
    )
    tasks.register(name)(entry)


def published_reading(
    name: str, about: str, shape: str, open_task: Callable[[TaskEntry, Store], Task]
) -> None:
    """Register `NAME-published`: the same stored data, read and measured as the published code does it.

    Args:
        name: Name of the task, which is registered.
        about: What is read in another way, one line.
        shape: Shape of a sample -> shape of its target, and the number of samples.
        open_task: Function that makes the task of its entry from the stored arrays.
    """

    def load(root: Path | None) -> Task:
        return _load(entry, open_task, root)

    own = f"{name}-published"
    entry = replace(tasks[name], name=own, about=about, shape=shape, load=load, data=None, data_of=name)
    tasks.register(own)(entry)


def _load(entry: TaskEntry, open_task: Callable[[TaskEntry, Store], Task], root: Path | None) -> Task:
    """Load a task from its prepared data.

    The task's `about` says if the data was generated or is a synthetic stand-in; in the latter case its name
    does so too.

    Raises:
        InputError: If no data was prepared, or a split has more or fewer samples than targets.
    """
    store = open_store(entry.data_of or entry.name, root)
    task = open_task(entry, store)
    for split in (task.train, task.validation, task.test):
        if split is not None and len(split.x) != len(split.y):
            raise InputError(
                f"'{store.folder}' has {len(split.x)} samples and {len(split.y)} targets",
                kind="file",
                key=store.folder,
            )
    if RECORD in store.manifest.files:
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
    """Make the task of an entry from stored arrays.

    Args:
        entry: Entry that gives name, kind, `about` and expert.
        output: Output of the task.
        train: Training split.
        test: Test split.
        validation: Published validation split; None to cut one from the training split.
        classes: Names of the classes, in the order of the output's channels; () where there are none.
        y_mean: Mean of each output channel over the training targets; zeros if None.
        y_std: Standard deviation of each output channel over the training targets; ones if None.
        loss: Name in `losses`; that of the kind if None.
        metric: Name in `metrics`; that of the kind if None.
        reference: Name in `metrics` of the published code's metric, where that is another one.
        augment: Augmentation of training batches.
    """
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
