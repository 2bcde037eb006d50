"""What a data set is, and the registration of a task that has one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.entries import TaskEntry, tasks
from isthmus.tasks.kinds import Output, kinds
from isthmus.tasks.store.arrays import Array
from isthmus.tasks.store.card import CARD
from isthmus.tasks.store.folder import Store
from isthmus.tasks.store.root import prepared
from isthmus.tasks.store.synthetic import noise
from isthmus.tasks.store.writer import Writer
from isthmus.tasks.task import Augment, Split, Task

SYNTHETIC = "synthetic stand-in, not the published data"


@dataclass(frozen=True)
class File:
    """A published file.

    Attributes:
        name: as it lies in the task's folder of published files.
        url: where it is from.
        size: roughly, in MB.
        needed: can the data not be prepared without it?
    """

    name: str
    url: str
    size: int
    needed: bool = True


@dataclass(frozen=True)
class DataSet:
    """The data of a task, which lies on a disk.

    Attributes:
        modality: in a word or two.
        licence: of the data.
        citation: of the data, and of the benchmark where it is not the same.
        files: as they are published.
        arrays: that they become, by name.
        prepare: reads the files in a folder, and writes the arrays.
        open: makes the task of the arrays; its entry gives name and one line about it.
        synth: writes a few samples of noise.
        notes: what else there is to know, a line each.
    """

    modality: str
    licence: str
    citation: tuple[str, ...]
    files: tuple[File, ...]
    arrays: Mapping[str, Array]
    prepare: Callable[[Path, Writer], None]
    open: Callable[[TaskEntry, Store], Task]
    synth: Callable[[Mapping[str, Array], Writer, np.random.Generator, int], None] = noise
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Of all files that are needed, in MB."""
        return sum(file.size for file in self.files if file.needed)


def stored(name: str, about: str, kind: str, shape: str, data: DataSet) -> None:
    """Register a task whose data lies on a disk."""

    def load(root: Path | None) -> Task:
        return open_task(name, root)

    tasks.register(name)(TaskEntry(name, about, kind, shape, data.citation[0], load, data))


def data_set(name: str) -> DataSet:
    """The data set of a task.

    Raises:
        InputError: if there is no such task, or its data comes inside a package.
    """
    data = tasks[name].data
    if data is None:
        raise InputError(f"the data of '{name}' comes inside a package; there is nothing to do")
    return data


def open_task(name: str, root: Path | str | None) -> Task:
    """The task of prepared data; of a synthetic stand-in, with a name and an `about` that say so.

    Raises:
        InputError: if no data was prepared; says how to.
    """
    folder = prepared(name, root)
    if not (folder / CARD).exists():
        raise InputError(
            f"the data of '{name}' is not in '{folder}'; get it with `isthmus data download {name}` and "
            f"`isthmus data prepare {name}`, or try it out with `isthmus data synth {name}`"
        )
    store = Store(folder)
    if store.card.task != name:
        raise InputError(f"'{folder}' holds the data of '{store.card.task}', not of '{name}'")
    task = data_set(name).open(tasks[name], store)
    if not store.synthetic:
        return task
    return replace(task, name=f"{name}-synthetic", about=f"{task.about} ({SYNTHETIC})")


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
    kind = kinds[entry.kind]
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
    )
