"""Checks of prepared data: is it complete, and what it should be."""

import hashlib
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import Array, fits, in_chunks
from isthmus.store.dataset import DataSet
from isthmus.store.manifest import MANIFEST, ArrayManifest
from isthmus.store.paths import prepared, published
from isthmus.store.store import Store, open_store
from isthmus.store.writer import Progress


def verify(
    name: str, data: DataSet, root: Path | str | None = None, progress: Progress | None = None
) -> list[str]:
    """Check all prepared data: shapes, data types, ranges of values and labels, hashes, counts.

    Args:
        name: Name of the data set.
        data: Data set.
        root: Folder of all data.
        progress: Function that is called with an array's name and its number of rows.

    Returns:
        A line for each array that has another number of rows than is published; none for a stand-in.

    Raises:
        InputError: For the first mistake that is found.
    """
    store = open_store(name, root)
    for array_name, array in data.arrays.items():
        path = store.folder / f"{array_name}.npy"
        _check(store[array_name], array, store.manifest.arrays[array_name], path)
        if progress:
            progress(array_name, store.length(array_name))
    counts = {array_name: store.length(array_name) for array_name in data.arrays}
    return [
        f"{array_name} has {counts[array_name]} rows, and {array.rows} are published"
        for array_name, array in data.arrays.items()
        if not store.synthetic and array.rows not in (None, counts[array_name])
    ]


def state(name: str, data: DataSet, root: Path | str | None = None) -> str:
    """Return what there is: `prepared`, `synthetic`, `damaged`, `downloaded`, `in part`, or `no`."""
    if (prepared(name, root) / MANIFEST).exists():
        try:
            return "synthetic" if Store(prepared(name, root)).synthetic else "prepared"
        except InputError:
            return "damaged"
    present = [(published(name, root) / f.name).is_file() for f in data.files if f.needed]
    return "downloaded" if all(present) else "in part" if any(present) else "no"


def _check(stored: np.ndarray, array: Array, manifest: ArrayManifest, path: Path) -> None:
    """Check a stored array against what it should be, and against its manifest."""
    if stored.dtype != np.dtype(array.dtype) or not fits(stored.shape[1:], array.shape):
        raise InputError(
            f"'{path}' holds {stored.dtype} {list(stored.shape[1:])}; "
            f"{array.dtype} {array.shape_text} is right",
            kind="file",
            key=path,
        )
    sha256, low, high = hashlib.sha256(), np.inf, -np.inf

    def update(chunk: np.ndarray) -> None:
        nonlocal low, high
        sha256.update(np.ascontiguousarray(chunk).tobytes())
        low, high = np.minimum(low, chunk.min()), np.maximum(high, chunk.max())  # NaN stays NaN

    in_chunks(stored, update)
    if not (array.low <= low and high <= array.high):
        raise InputError(
            f"'{path}' holds {low:g} to {high:g}; {array.low:g} to {array.high:g} is right",
            kind="file",
            key=path,
        )
    if sha256.hexdigest() != manifest.sha256:
        raise InputError(
            f"'{path}' is damaged: its hash is not the card's; prepare the data again", kind="file", key=path
        )
