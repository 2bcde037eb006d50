"""CIFAR-10: pictures of everyday things.

As in PaRe (Cai et al., ICML 2024), it is 5,000 training pictures drawn at random, here once and for all; at
every training step they are shifted by up to 4 points and mirrored.
"""

from pathlib import Path

import numpy as np

from isthmus.seeding import numpy_generator
from isthmus.sources.changes import crop_and_flip
from isthmus.sources.source import Source, stored
from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.archives import open_archive
from isthmus.store.cifar import read_batch

ARCHIVE = "cifar-10-python.tar.gz"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCHES = range(1, 6)
SAMPLES = 5_000


def prepare(folder: Path, writer: Writer) -> None:
    """Write `SAMPLES` samples of the five training batches, in a random order."""
    with open_archive(folder / ARCHIVE) as archive:
        names = [f"cifar-10-batches-py/data_batch_{number}" for number in BATCHES]
        parts = [read_batch(archive, name, "labels") for name in names]
        x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        chosen = numpy_generator("cifar10").permutation(len(x))[:SAMPLES]
        place = archive.place("cifar-10-batches-py")
        writer.add("x", x[chosen], place)
        writer.add("y", y[chosen], place)


def open_source(name: str, store: Store) -> Source:
    """Make the source of pictures, changed as they are drawn."""
    return Source(name, "image", store["x"], store.labels("y"), CLASSES, change=crop_and_flip)


stored(
    "cifar10",
    "pictures of everyday things, in ten classes",
    "image",
    f"[3, 32, 32] -> [10], {SAMPLES}",
    DataSet(
        modality="picture",
        licence="none is stated",
        citation=("A. Krizhevsky (2009), Learning multiple layers of features from tiny images",),
        files=(File(ARCHIVE, f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}", 163),),
        arrays={
            "x": Array((3, 32, 32), "uint8", 0, 255, SAMPLES),
            "y": Array((), "uint8", 0, 9, SAMPLES),
        },
        prepare=prepare,
        notes=("size: of the page of CIFAR",),
    ),
    open_source,
)
