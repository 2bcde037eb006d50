"""DeepSEA: which of 36 chromatin features a stretch of 1,000 DNA bases has.

Training, validation and test data are the benchmark's own splits.
"""

from dataclasses import replace
from pathlib import Path

from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.npy import open_npz
from isthmus.store.reading import same_length
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.losses import losses, weighted_bce
from isthmus.tasks.nasbench360.common import BENCHMARK, BUCKET, LISTED_SIZE, MIRROR, PARTS, samples, shuffled
from isthmus.tasks.problem_types import Output
from isthmus.tasks.stored import make_task, published_reading, stored
from isthmus.tasks.task import Split, Task

FILE = "deepsea_filtered.npz"
NAMES = {"train": "train", "validation": "val", "test": "test"}
LABELS = 36

losses.register("bce-4")(weighted_bce(4.0))


def prepare(folder: Path, writer: Writer) -> None:
    """Read a `.npz` of one-hot bases [N, 1000, 4] and labels [N, 36], as a stream because of its size."""
    path = folder / FILE
    for part, short in NAMES.items():
        with open_npz(path, f"x_{short}") as bases, open_npz(path, f"y_{short}") as labels:
            same_length(path, sequences=bases, labels=labels)
            for chunk in bases.chunks():
                channels_first = chunk.swapaxes(1, 2) if chunk.ndim == 3 else chunk
                writer.add(f"{part}_x", channels_first, str(bases.path))
            for chunk in labels.chunks():
                writer.add(f"{part}_y", chunk, str(labels.path))


def open_task(entry: TaskEntry, store: Store) -> Task:
    """Make the task, with bases as channels."""
    train, validation, test = (
        Split(store.changed(f"{part}_x"), store.changed(f"{part}_y")) for part in PARTS
    )
    return make_task(
        entry,
        Output(LABELS),
        train,
        test,
        validation,
        classes=tuple(range(LABELS)),
        loss="bce-4",
        metric="1-auroc",
        reference="1-auroc-reference",
    )


def open_published(entry: TaskEntry, store: Store) -> Task:
    """Make the task whose test data is shuffled once and for all, and whose error is a mean over blocks."""
    task = open_task(entry, store)
    assert task.test is not None
    test = task.test.part(shuffled(len(task.test), "deepsea-published"))
    return replace(task, test=test, metric="1-auroc-reference", reference=None)


stored(
    "nasbench360/deepsea",
    "a stretch of DNA: which of 36 proteins bind to it, or how its chromatin is marked",
    "multilabel",
    "[4, 1000] -> [36], 71753 train, 149400 test",
    DataSet(
        modality="DNA sequence",
        licence="CC BY 4.0 (not checked)",
        citation=(
            "J. Zhou, O. G. Troyanskaya (2015), Predicting effects of noncoding variants with deep "
            "learning-based sequence model, Nature Methods 12",
            BENCHMARK,
        ),
        files=(File(FILE, f"{BUCKET}/deepsea/{FILE}", 860),),
        arrays=samples(
            Array((4, 1000), "uint8", 0, 1), Array((LABELS,), "uint8", 0, 1), (71_753, 2_490, 149_400)
        ),
        prepare=prepare,
        notes=(MIRROR, LISTED_SIZE),
    ),
    open_task,
    expert="deepsea",
)

published_reading(
    "nasbench360/deepsea",
    "deepsea with the published code's error: the mean over blocks of 1,000 shuffled samples",
    "[4, 1000] -> [36], 71753 train, 149400 test",
    open_published,
)
