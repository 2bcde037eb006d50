"""CIFAR-100: pictures of everyday things.

Pictures are normalised by the benchmark's means and standard deviations; training pictures are shifted by up
to 4 points and mirrored. The last fifth of the training file is for validation.
"""

from pathlib import Path

import numpy as np

from isthmus.store import Array, DataSet, File, Writer
from isthmus.store.archives import open_archive
from isthmus.store.cifar import read_batch
from isthmus.tasks.nasbench360.common import BENCHMARK, add_training, classes, samples
from isthmus.tasks.published_augmentations import crop_and_flip
from isthmus.tasks.stored import stored

ARCHIVE = "cifar-100-python.tar.gz"
MEAN = np.array((0.5071, 0.4867, 0.4408), np.float32).reshape(3, 1, 1)
STD = np.array((0.2675, 0.2565, 0.2761), np.float32).reshape(3, 1, 1)
BLACK = (-MEAN / STD).ravel().tolist()


def prepare(folder: Path, writer: Writer) -> None:
    """Read the batch for training and the one for test."""
    with open_archive(folder / ARCHIVE) as archive:
        for part in ("train", "test"):
            name = f"cifar-100-python/{part}"
            x, y = read_batch(archive, name, "fine_labels")
            place = archive.place(name)
            if part == "train":
                add_training(writer, x, y, 0.2, place)
            else:
                writer.add("test_x", x, place)
                writer.add("test_y", y, place)


def normalised(rows: np.ndarray) -> np.ndarray:
    """Normalise pictures: uint8 [n, 3, 32, 32] -> float32 of the same shape."""
    return (rows.astype(np.float32) / 255 - MEAN) / STD


stored(
    "nasbench360/cifar100",
    "pictures of everyday things: which of a hundred",
    "classification",
    "[3, 32, 32] -> [100], 40000 train, 10000 test",
    DataSet(
        modality="picture",
        licence="CC BY 4.0",
        citation=("A. Krizhevsky (2009), Learning multiple layers of features from tiny images", BENCHMARK),
        files=(File(ARCHIVE, f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}", 161),),
        arrays=samples(
            Array((3, 32, 32), "uint8", 0, 255), Array((), "uint8", 0, 99), (40_000, 10_000, 10_000)
        ),
        prepare=prepare,
        notes=("licence: as the benchmark states it; size: of the page of CIFAR",),
    ),
    classes(100, normalised, crop_and_flip(4, BLACK)),
    expert="densenet",
)
