"""Constants and functions that the tasks of the benchmark share."""

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
LISTED = "licence and size: as the benchmark states them"
LISTED_SIZE = "size: as the benchmark states it; licence: not checked"
IN_PART = "licence, and size of the first file: as the benchmark states them; other sizes: not checked"
FIRST_SIZE = "size of the first file: as the benchmark states it; other sizes and licence: not checked"
"""What is checked of a card, against the benchmark's list of files and its statement of licences"""
PARTS = ("train", "validation", "test")


def samples(x: Array, y: Array, rows: tuple[int | None, int | None, int | None]) -> dict[str, Array]:
    """Describe the arrays of a task with a published validation split: `train_x`, `train_y` and so on.

    Args:
        x: Description of the samples.
        y: Description of the targets.
        rows: Number of training, validation and test samples; None where it is not known.
    """
    return {
        f"{part}_{name}": Array(array.shape, array.dtype, array.low, array.high, count)
        for part, count in zip(PARTS, rows, strict=True)
        for name, array in (("x", x), ("y", y))
    }


def add_training(writer: Writer, x: np.ndarray, y: np.ndarray, held_out: float, origin: str) -> None:
    """Write published training samples, the last of which are for validation, as the benchmark slices them.

    Args:
        writer: Writer of the task's arrays.
        x: Samples [N, ...].
        y: Targets [N, ...].
        held_out: Part of the samples that is for validation.
        origin: Where the samples come from, for error messages.
    """
    last = len(x) - round(held_out * len(x))
    for part, rows in (("train", slice(None, last)), ("validation", slice(last, None))):
        writer.add(f"{part}_x", x[rows], origin)
        writer.add(f"{part}_y", y[rows], origin)


def shuffled(samples: int, task: str) -> np.ndarray:
    """Return the order in which a task's samples are split: a fixed random permutation."""
    return numpy_generator("nasbench360", task).permutation(samples)


def classes(
    number: int, change: Callable[[np.ndarray], np.ndarray] = as_float, augment: Augment | None = None
) -> Callable[[TaskEntry, Store], Task]:
    """Return the function that opens a classification task.

    Args:
        number: Number of classes, which are called 0 to number - 1.
        change: Conversion of stored samples to float32 [n, C, ...].
        augment: Augmentation of training batches.
    """

    def open_task(entry: TaskEntry, store: Store) -> Task:
        train, validation, test = (
            Split(store.changed(f"{part}_x", change), store.labels(f"{part}_y")) for part in PARTS
        )
        names = tuple(range(number))
        return make_task(entry, Output(number), train, test, validation, classes=names, augment=augment)

    return open_task
