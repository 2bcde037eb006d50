"""CIFAR-10: pictures of everyday things.

PaRe (Cai et al., ICML 2024) takes the first 5,000 training pictures.
"""

from pathlib import Path

from isthmus.sources.source import Source, stored
from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.archives import open_archive
from isthmus.store.cifar import read_batch

ARCHIVE = "cifar-10-python.tar.gz"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SAMPLES = 5_000


def prepare(folder: Path, writer: Writer) -> None:
    """Write the first `SAMPLES` samples of the first of five training batches."""
    with open_archive(folder / ARCHIVE) as archive:
        name = "cifar-10-batches-py/data_batch_1"
        x, y = read_batch(archive, name, "labels")
        writer.add("x", x[:SAMPLES], archive.place(name))
        writer.add("y", y[:SAMPLES], archive.place(name))


def open_source(name: str, store: Store) -> Source:
    """Make the source of unchanged pictures."""
    return Source(name, "image", store["x"], store.labels("y"), CLASSES)


stored(
    "cifar10",
    "pictures of everyday things, in ten classes",
    "image",
    f"[3, 32, 32] -> [10], {SAMPLES}",
    DataSet(
        modality="picture",
        licence="none is stated",
        citation=("A. Krizhevsky (2009), Learning multiple layers of features from tiny images",),
        files=(File(ARCHIVE, f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}", 170),),
        arrays={
            "x": Array((3, 32, 32), "uint8", 0, 255, SAMPLES),
            "y": Array((), "uint8", 0, 9, SAMPLES),
        },
        prepare=prepare,
    ),
    open_source,
)
