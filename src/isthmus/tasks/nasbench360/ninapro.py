"""NinaPro DB5: which movement a hand makes, from 16 electrodes on the forearm over 52 points of time.

Training, validation and test data are the benchmark's own splits, unchanged.
"""

from pathlib import Path

import numpy as np

from isthmus.store import Array, DataSet, File, Writer
from isthmus.store.npy import open_npy
from isthmus.store.reading import as_array, same_length
from isthmus.tasks.nasbench360.common import BENCHMARK, BUCKET, IN_PART, MIRROR, classes, samples
from isthmus.tasks.stored import stored

FILES = {"train": "train", "validation": "val", "test": "test"}


def prepare(folder: Path, writer: Writer) -> None:
    """Read `.npy` files of signals [N, 52, 16] and labels [N]."""
    for part, short in FILES.items():
        path, labels_path = folder / f"ninapro_{short}.npy", folder / f"label_{short}.npy"
        with open_npy(path) as signals, open_npy(labels_path) as labels:
            x = as_array(signals.read(), "signals", path)
            y = as_array(labels.read(), "labels", labels_path)
        same_length(path, signals=x, labels=y)
        writer.add(f"{part}_x", x, str(path))
        writer.add(f"{part}_y", y, str(labels_path))


def as_picture(rows: np.ndarray) -> np.ndarray:
    """Convert signals to pictures of one channel: [n, 52, 16] -> float32 [n, 1, 16, 52]."""
    return rows.astype(np.float32).transpose(0, 2, 1)[:, None]


stored(
    "nasbench360/ninapro",
    "electric potentials on a forearm: which of 18 movements the hand makes",
    "classification",
    "[1, 16, 52] -> [18], 2638 train, 659 test",
    DataSet(
        modality="muscle signals",
        licence="CC BY-ND",
        citation=(
            "M. Atzori et al. (2014), Electromyography data for non-invasive naturally-controlled robotic "
            "hand prostheses, Scientific Data 1",
            BENCHMARK,
        ),
        files=tuple(
            File(name, f"{BUCKET}/ninapro/{name}", size)
            for short, megabytes in (("train", 15), ("val", 5), ("test", 5))
            for name, size in ((f"ninapro_{short}.npy", megabytes), (f"label_{short}.npy", 1))
        ),
        arrays=samples(Array((52, 16), "float32", -1e6, 1e6), Array((), "int8", 0, 17), (2_638, 659, 659)),
        prepare=prepare,
        notes=(MIRROR, IN_PART),
    ),
    classes(18, as_picture),
    expert="semg-attention",
)
