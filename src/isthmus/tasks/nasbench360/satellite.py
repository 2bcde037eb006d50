"""Satellite: which crop grows on a field, from its vegetation index on 46 days of a year.

A fixed random ninth of the training file is for validation. (The published code validates on samples that it
also trains on.)
"""

from pathlib import Path
from typing import Any

import numpy as np

from isthmus.store import Array, DataSet, File, Writer
from isthmus.store.npy import open_npy
from isthmus.store.reading import as_array, entry, same_length
from isthmus.tasks.nasbench360.common import (
    BENCHMARK,
    BUCKET,
    FIRST_SIZE,
    MIRROR,
    add_training,
    classes,
    samples,
    shuffled,
)
from isthmus.tasks.stored import stored


def prepare(folder: Path, writer: Writer) -> None:
    """Read `.npy` files that hold a pickled dict of `data` [N, 46] and `label` 1 to 24."""
    for part in ("train", "test"):
        path = folder / f"satellite_{part}.npy"
        x, y = _read(path)
        if part == "train":
            order = shuffled(len(x), "satellite")
            add_training(writer, x[order], y[order], 1 / 9, str(path))
        else:
            writer.add("test_x", x, str(path))
            writer.add("test_y", y, str(path))


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read series [N, 46] and labels [N], numbered from 0."""
    with open_npy(path) as file:
        content: Any = file.read()
    content = content.item() if isinstance(content, np.ndarray) and content.ndim == 0 else content
    x = as_array(entry(content, "data", path), "data", path)
    y = as_array(entry(content, "label", path), "label", path)
    same_length(path, series=x, labels=y)
    return x, y.astype(np.int64) - 1


def as_series(rows: np.ndarray) -> np.ndarray:
    """Convert to series of one channel: [n, 46] -> float32 [n, 1, 46]."""
    return rows.astype(np.float32)[:, None]


stored(
    "nasbench360/satellite",
    "vegetation index of a field over a year: which of 24 crops grows there",
    "classification",
    "[1, 46] -> [24], 800000 train, 100000 test",
    DataSet(
        modality="time series",
        licence="GPL 3.0 (not checked)",
        citation=(
            "F. Petitjean, J. Inglada, P. Gancarski (2012), Satellite image time series analysis under time "
            "warping, IEEE TGRS 50",
            BENCHMARK,
        ),
        files=(
            File("satellite_train.npy", f"{BUCKET}/satellite/satellite_train.npy", 322),
            File("satellite_test.npy", f"{BUCKET}/satellite/satellite_test.npy", 37),
        ),
        arrays=samples(
            Array((46,), "float32", -1e6, 1e6), Array((), "int8", 0, 23), (800_000, 100_000, 100_000)
        ),
        prepare=prepare,
        notes=(MIRROR, FIRST_SIZE),
    ),
    classes(24, as_series),
    expert="rocket",
)
