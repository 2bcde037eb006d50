"""What the tasks share: from one file, the state at the start of each sample and one that comes of it.

A tenth of the samples is for test, a tenth of the rest, the one beside it, for validation. Loss and metric
are published: nRMSE, which is `nrmse` where all variables are laid end to end in one channel.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.entries import TaskEntry
from isthmus.tasks.kinds import Output
from isthmus.tasks.pdebench.generated import GENERATED, RECORD, Recipe, check_origin, recipes
from isthmus.tasks.pdebench.hdf5 import Grouped, Layout, Stacked, State
from isthmus.tasks.store import Array, DataSet, File, Store, Writer, make_task, noise, stored
from isthmus.tasks.store.reading import reading
from isthmus.tasks.task import Split, Task

DARUS = "https://darus.uni-stuttgart.de/api/access/datafile"
BENCHMARK = (
    "M. Takamoto et al. (2022), PDEBench: an extensive benchmark for scientific machine learning, NeurIPS"
)
DATA = "M. Takamoto et al. (2022), PDEBench datasets, DaRUS, doi:10.18419/darus-2986"
PARTS = ("train", "validation", "test")
HELD_OUT = 0.1
LARGEST = 1e6
"""values beyond it are none of these laws'"""
AT_A_TIME = 64
"""samples that are read"""


@dataclass(frozen=True)
class Pairs:
    """Inputs and targets in a file.

    Attributes:
        layout: of the file.
        inputs, targets: variables; several are laid end to end.
        every: of how many points along an axis one is taken.
    """

    layout: type[Layout]
    inputs: tuple[State, ...]
    targets: tuple[State, ...]
    every: int = 1

    def read(self, path: Path) -> Iterator[tuple[str, range, np.ndarray, np.ndarray]]:
        """Part, numbers of some of its samples, their inputs and targets, both [n, 1, *size].

        Raises:
            InputError: if the file is cut off, of another format or layout, or holds too few samples.
        """
        with reading(path, "HDF5"), h5py.File(path) as file:
            samples = self.layout(file, path, self.inputs + self.targets)
            if len(samples) < len(PARTS):
                raise InputError(f"'{path}' holds {len(samples)} samples; {len(PARTS)} or more are right")
            for part, numbers in split(len(samples), self.layout.test_first).items():
                for first in numbers[::AT_A_TIME]:
                    some = range(first, min(first + AT_A_TIME, numbers.stop))
                    x, y = self._fields(samples, self.inputs, some), self._fields(samples, self.targets, some)
                    if x.shape != y.shape:
                        shapes = f"{list(x.shape[2:])} and {list(y.shape[2:])}"
                        raise InputError(f"'{path}' has fields of shapes {shapes}; one shape is right")
                    yield part, some, x, y

    def _fields(self, samples: Layout, states: tuple[State, ...], numbers: range) -> np.ndarray:
        """[n, 1, *size]"""
        fields = np.concatenate([self._thinned(samples.read(state, numbers)) for state in states], axis=-1)
        return fields[:, None]

    def _thinned(self, fields: np.ndarray) -> np.ndarray:
        """[n, *size] -> [n, *size / every]"""
        points = (slice(None, None, self.every),) * (fields.ndim - 1)
        return fields[(slice(None), *points)]


def series(times: int, target: int, variables: tuple[str, ...] = ("tensor",), every: int = 1) -> Pairs:
    """Fields on a line: arrays [N, t, x], from the first time to that of index `target`."""
    axes = {"t": times, "x": None}
    starts, ends = (tuple(State(name, axes, (at,)) for name in variables) for at in (0, target))
    return Pairs(Stacked, starts, ends, every)


def runs(space: tuple[str, ...], variables: int = 1) -> Pairs:
    """A group for each sample with `data` [101, *space, variables]: the first variable to the last.

    From the first time to the last.
    """
    axes = {"t": 101, **dict.fromkeys(space), "variable": variables}
    return Pairs(
        Grouped, (State("data", axes, (0, ..., 0)),), (State("data", axes, (100, ..., variables - 1)),)
    )


def split(samples: int, test_first: bool) -> dict[str, range]:
    """The numbers of the samples in each part: those for validation lie between the other two."""
    test = max(1, samples // 10)
    held_out = max(1, round(HELD_OUT * (samples - test)))
    lengths = {"train": samples - test - held_out, "validation": held_out, "test": test}
    parts, start = {}, 0
    for part in reversed(PARTS) if test_first else PARTS:
        parts[part] = range(start, start + lengths[part])
        start += lengths[part]
    return parts


def pdebench(
    name: str,
    about: str,
    *,
    file: File,
    pairs: Pairs,
    size: tuple[int, ...],
    samples: int,
    note: str,
    loss: str = "nrmse",
) -> None:
    """Register a task `pdebench/NAME`, whose law has the same name, and how its file is generated.

    Args:
        name: without the benchmark's.
        about: one line: what is given, and what is to be told from it.
        file: as published.
        pairs: in that file.
        size: of a published field.
        samples: in the published file.
        note: what is read, in a line.
        loss: a name in `losses`.
    """
    counts = {part: len(numbers) for part, numbers in split(samples, pairs.layout.test_first).items()}
    full = f"pdebench/{name}"
    recipes.register(full)(Recipe(name, {file.name: 1}))
    stored(
        full,
        about,
        "regression",
        f"{[1, *size]} -> {[1, *size]}, {counts['train']} train, {counts['test']} test",
        DataSet(
            modality="field on a line" if len(size) == 1 else "field on a grid",
            licence="CC BY 4.0",
            citation=(BENCHMARK, DATA),
            files=(file, File(RECORD, f"isthmus data generate {full}", 0, needed=False)),
            arrays=_arrays((None,) * len(size), counts),
            prepare=partial(prepare, pairs, file.name, name),
            open=partial(open_task, loss),
            synth=lambda arrays, writer, rng, count: noise(_arrays(size, counts), writer, rng, count),
            notes=(note, f"the law can be solved here: isthmus data generate {full}"),
        ),
    )


def prepare(pairs: Pairs, file: str, law: str, folder: Path, writer: Writer) -> None:
    """The published file, or one that was generated in its place."""
    path = folder / file
    check_origin(path, law)
    for part, numbers, x, y in pairs.read(path):
        of = f"of samples {numbers.start} to {numbers.stop - 1},"
        writer.add(f"{part}_x", x, f"{path}, input {of}")
        writer.add(f"{part}_y", y, f"{path}, target {of}")


def open_task(loss: str, entry: TaskEntry, store: Store) -> Task:
    """One channel, whose mean and deviation over the training targets are the task's."""
    train, validation, test = (
        Split(store.changed(f"{part}_x"), store.changed(f"{part}_y")) for part in PARTS
    )
    mean, std = store.changed("train_y").scale
    task = make_task(
        entry,
        Output(1, train.y.shape[2:]),
        train,
        test,
        validation,
        y_mean=tuple(mean.tolist()),
        y_std=tuple(std.tolist()),
        loss=loss,
        metric="nrmse",
    )
    return replace(task, about=f"{task.about} ({GENERATED})") if RECORD in store.card.files else task


def _arrays(size: tuple[int | None, ...], rows: Mapping[str, int]) -> dict[str, Array]:
    """`train_x`, `train_y`, `validation_x`..."""
    return {
        f"{part}_{side}": Array((1, *size), "float32", -LARGEST, LARGEST, rows[part])
        for part in PARTS
        for side in ("x", "y")
    }
