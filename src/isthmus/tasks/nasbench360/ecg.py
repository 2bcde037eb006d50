"""ECG: the diagnosis of a heart rhythm from one lead; PhysioNet's challenge of 2017.

Each record is standardised to mean 0 and standard deviation 1. Records are split 80/10/10, then cut into
windows of 1,000 points, which overlap more for rarer classes.

PaRe's code holds out a tenth of the records directly, another tenth than the benchmark's: about half of the
benchmark's test records are in its training data. `nasbench360/ecg-published` has its split and metric.
"""

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store import Array, DataSet, File, Store, Writer, noise
from isthmus.store.lazy_array import join
from isthmus.store.reading import entry, reading, same_length
from isthmus.store.unpickle import unpickle
from isthmus.tasks.cuts import GroupCut
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.nasbench360.common import BENCHMARK, BUCKET, LISTED_SIZE, MIRROR, PARTS, samples, shuffled
from isthmus.tasks.problem_types import Output
from isthmus.tasks.stored import make_task, published_reading, stored
from isthmus.tasks.task import Split, Task

FILE = "challenge2017.pkl"
WINDOW = 1000
STRIDES = {"N": 500, "A": 83, "O": 250, "~": 25}
"""Points from the start of a window to the next, for each class"""


def prepare(folder: Path, writer: Writer) -> None:
    """Read a pickled dict: `data`, records of any length, and `label`, a letter for each."""
    path = folder / FILE
    with reading(path, "a pickle"), open(path, "rb") as file:
        content = unpickle(file, path)
    records, labels = (
        entry(content, "data", path),
        [_letter(label) for label in entry(content, "label", path)],
    )
    same_length(path, records=records, labels=labels)
    unknown = sorted(set(labels) - set(STRIDES))
    if unknown:
        raise InputError(
            f"'{path}' holds the label '{unknown[0]}'; known: {', '.join(STRIDES)}", kind="file", key=path
        )
    writer.add("records", np.array([len(records)]), str(path))
    for part, numbers in zip(PARTS, split(len(records)), strict=True):
        for i in numbers:
            windows = cut(standardised(records[i], f"{path}:{i}"), STRIDES[labels[i]])
            number = list(STRIDES).index(labels[i])
            writer.add(f"{part}_x", windows, f"{path}:{i}")
            writer.add(f"{part}_y", np.full(len(windows), number), str(path))
            writer.add(f"{part}_record", np.full(len(windows), i), str(path))


def mock(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """Write noise, as windows of as many records."""
    noise({name: array for name, array in arrays.items() if "record" not in name}, writer, rng, samples)
    writer.add("records", np.array([samples * len(PARTS)]))
    for number, part in enumerate(PARTS):
        writer.add(f"{part}_record", np.arange(samples) + samples * number)


def split(records: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the benchmark's split into train, validation and test, by scikit-learn with random state 0."""
    from sklearn.model_selection import train_test_split

    if records < 5:
        raise InputError(f"{records} records are too few to split", key="records")
    train, rest = train_test_split(np.arange(records), test_size=0.2, random_state=0)
    validation, test = train_test_split(rest, test_size=0.5, random_state=0)
    return train, validation, test


def standardised(record: Any, name: str) -> np.ndarray:
    """Scale a record [T] to mean 0 and standard deviation 1; a flat one becomes 0."""
    with reading(name, "a record"):
        values = np.asarray(record, dtype=np.float64)
        scaled: np.ndarray = (values - values.mean()) / (values.std() or 1.0)
    return scaled


def cut(record: np.ndarray, stride: int) -> np.ndarray:
    """Cut a record [T] into windows [n, WINDOW], leaving out one that ends exactly where the record does."""
    starts = np.arange(0, len(record) - WINDOW, stride)
    return record[starts[:, None] + np.arange(WINDOW)].reshape(-1, WINDOW)


def _letter(label: Any) -> str:
    """Return a label as text."""
    return label.decode() if isinstance(label, bytes) else str(label)


def open_task(entry: TaskEntry, store: Store) -> Task:
    """Make the task of windows and their classes."""
    train, validation, test = (
        Split(store.changed(f"{part}_x", as_series), store.labels(f"{part}_y")) for part in PARTS
    )
    return make_task(
        entry,
        Output(len(STRIDES)),
        train,
        test,
        validation,
        classes=tuple(STRIDES),
        metric="1-f1",
        reference="1-f1-reference",
    )


def open_published(entry: TaskEntry, store: Store) -> Task:
    """Make the task of a tenth of the records held out, in an order that is shuffled once and for all."""
    from sklearn.model_selection import train_test_split

    record = np.concatenate([store[f"{part}_record"] for part in PARTS])
    rest, held_out = train_test_split(np.arange(store["records"][0]), test_size=0.1, random_state=0)
    x = reduce(join, (store.changed(f"{part}_x", as_series) for part in PARTS))
    y = np.concatenate([store.labels(f"{part}_y") for part in PARTS])
    whole = Split(x, y, GroupCut(record))  # validation samples are cut from the training data by records
    train, test = (np.flatnonzero(np.isin(record, numbers)) for numbers in (rest, held_out))
    test = test[shuffled(len(test), "ecg-published")]
    return make_task(
        entry,
        Output(len(STRIDES)),
        whole.part(train),
        whole.part(test),
        classes=tuple(STRIDES),
        metric="1-f1-reference",
    )


def as_series(rows: np.ndarray) -> np.ndarray:
    """Convert windows to series of one channel: [n, 1000] -> float32 [n, 1, 1000]."""
    return rows.astype(np.float32)[:, None]


stored(
    "nasbench360/ecg",
    "one lead of an electrocardiogram: normal (N), atrial fibrillation (A), other (O) or noise (~)",
    "classification",
    "[1, 1000] -> [4], windows of 6822 records train, of 853 test",
    DataSet(
        modality="time series",
        licence="ODC-BY 1.0 (not checked)",
        citation=(
            "G. D. Clifford et al. (2017), AF classification from a short single lead ECG recording: the "
            "PhysioNet/Computing in Cardiology challenge 2017, CinC",
            BENCHMARK,
        ),
        files=(File(FILE, f"{BUCKET}/ECG/{FILE}", 150),),
        arrays={
            **samples(Array((WINDOW,), "float32", -1e6, 1e6), Array((), "int8", 0, 3), (None, None, None)),
            **{f"{part}_record": Array((), "int32", 0, 100_000) for part in PARTS},
            "records": Array((), "int32", 5, 100_000, 1),
        },
        prepare=prepare,
        mock=mock,
        notes=(MIRROR, LISTED_SIZE),
    ),
    open_task,
    expert="ecg-resnet",
)

published_reading(
    "nasbench360/ecg",
    "ecg with the published code's records for test, and its error: the mean over blocks of 1,000 windows",
    "[1, 1000] -> [4], windows of 7675 records train, of 853 test",
    open_published,
)
