"""What the tasks of the benchmark share."""

from collections.abc import Callable

import numpy as np

from isthmus.seeding import numpy_generator
from isthmus.store import Array, Store, Writer
from isthmus.store.store import as_float
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.problem_types import Output
from isthmus.tasks.stored import make_task
from isthmus.tasks.task import Augment, Split, Task

BUCKET = "https://pde-xd.s3.amazonaws.com"
BENCHMARK = (
    "R. Tu et al. (2022), NAS-Bench-360: benchmarking neural architecture search on diverse tasks, NeurIPS"
)
MIRROR = (
    "the benchmark's mirror of all its files: "
    "https://drive.google.com/drive/folders/1OOp6UrCiP79mTIkCrUdjjHWDo8K0bJUw"
)
PARTS = ("train", "validation", "test")


def samples(x: Array, y: Array, rows: tuple[int | None, int | None, int | None]) -> dict[str, Array]:
    """The arrays of a task with a published validation split: `train_x`, `train_y`, `validation_x`..."""
    return {
        f"{part}_{name}": Array(array.shape, array.dtype, array.low, array.high, count)
        for part, count in zip(PARTS, rows, strict=True)
        for name, array in (("x", x), ("y", y))
    }


def add_training(writer: Writer, x: np.ndarray, y: np.ndarray, held_out: float, origin: str) -> None:
    """Published training samples, the last of which are for validation: the benchmark's index slicing."""
    last = len(x) - round(held_out * len(x))
    for part, rows in (("train", slice(None, last)), ("validation", slice(last, None))):
        writer.add(f"{part}_x", x[rows], origin)
        writer.add(f"{part}_y", y[rows], origin)


def shuffled(samples: int, task: str) -> np.ndarray:
    """The order in which a task's samples are split, drawn once and for all."""
    return numpy_generator("nasbench360", task).permutation(samples)


def classes(
    number: int, change: Callable[[np.ndarray], np.ndarray] = as_float, augment: Augment | None = None
) -> Callable[[TaskEntry, Store], Task]:
    """How a classification task is opened.

    Args:
        number: of classes, 0 to number - 1.
        change: stored samples to float32 [n, C, ...].
        augment: of training batches.
    """

    def open_task(entry: TaskEntry, store: Store) -> Task:
        train, validation, test = (
            Split(store.changed(f"{part}_x", change), store.labels(f"{part}_y")) for part in PARTS
        )
        names = tuple(range(number))
        return make_task(entry, Output(number), train, test, validation, classes=names, augment=augment)

    return open_task
