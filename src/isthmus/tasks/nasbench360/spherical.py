"""Spherical CIFAR-100: the pictures of CIFAR-100 projected onto a sphere and rotated at random.

Values are divided by 255. The last fifth of the training data is for validation.
"""

import gzip
from pathlib import Path

import numpy as np

from isthmus.store import Array, DataSet, File, Writer
from isthmus.store.reading import as_array, entry, reading, same_length
from isthmus.store.unpickle import unpickle
from isthmus.tasks.nasbench360.common import BENCHMARK, BUCKET, LISTED, MIRROR, add_training, classes, samples
from isthmus.tasks.stored import stored

FILE = "s2_cifar100.gz"


def prepare(folder: Path, writer: Writer) -> None:
    """Read a gzipped pickle: `train` and `test`, each with `images` [N, 3, 60, 60] and `labels`."""
    path = folder / FILE
    with reading(path, "gzip"), gzip.open(path) as file:
        content = unpickle(file, path)  # type: ignore[arg-type] # a GzipFile reads like any other
    for part in ("train", "test"):
        inside = entry(content, part, path)
        x = as_array(entry(inside, "images", path), "images", path)
        y = as_array(entry(inside, "labels", path), "labels", path)
        same_length(path, images=x, labels=y)
        if part == "train":
            add_training(writer, x, y, 0.2, f"{path}:{part}")
        else:
            writer.add("test_x", x, f"{path}:{part}")
            writer.add("test_y", y, f"{path}:{part}")


def scaled(rows: np.ndarray) -> np.ndarray:
    """Scale pictures: uint8 [n, 3, 60, 60] -> float32 in [0, 1]."""
    return rows.astype(np.float32) / 255


stored(
    "nasbench360/spherical",
    "CIFAR-100 seen on a sphere from anywhere: which of a hundred things",
    "classification",
    "[3, 60, 60] -> [100], 40000 train, 10000 test",
    DataSet(
        modality="picture on a sphere",
        licence="CC BY-SA",
        citation=("T. S. Cohen et al. (2018), Spherical CNNs, ICLR", BENCHMARK),
        files=(File(FILE, f"{BUCKET}/spherical/{FILE}", 272),),
        arrays=samples(
            Array((3, 60, 60), "uint8", 0, 255), Array((), "uint8", 0, 99), (40_000, 10_000, 10_000)
        ),
        prepare=prepare,
        notes=(MIRROR, LISTED),
    ),
    classes(100, scaled),
    expert="s2cnn",
)
