"""Is prepared data whole, and what it should be?"""

import hashlib
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import Array, fits, in_chunks
from isthmus.store.dataset import DataSet
from isthmus.store.manifest import CARD, ArrayManifest
from isthmus.store.paths import prepared, published
from isthmus.store.store import Store, open_store
from isthmus.store.writer import Progress


def verify(
    name: str, data: DataSet, root: Path | str | None = None, progress: Progress | None = None
) -> list[str]:
    """Go through all prepared data: shapes, dtypes, ranges of values and labels, hashes, counts.

    Args:
        name, data: of the data set.
        root: folder of all data.
        progress: is told an array's name and its rows.

    Returns:
        a line for each array that has another number of rows than is published; none for a stand-in.

    Raises:
        InputError: for the first thing that is wrong.
    """
    store = open_store(name, root)
    for array_name, array in data.arrays.items():
        _check(store[array_name], array, store.card.arrays[array_name], store.folder / f"{array_name}.npy")
        if progress:
            progress(array_name, store.length(array_name))
    counts = {array_name: store.length(array_name) for array_name in data.arrays}
    return [
        f"{array_name} has {counts[array_name]} rows, and {array.rows} are published"
        for array_name, array in data.arrays.items()
        if not store.synthetic and array.rows not in (None, counts[array_name])
    ]


def state(name: str, data: DataSet, root: Path | str | None = None) -> str:
    """Is the data here? `prepared`, `synthetic`, `damaged`, `downloaded`, `in part`, or `no`."""
    if (prepared(name, root) / CARD).exists():
        try:
            return "synthetic" if Store(prepared(name, root)).synthetic else "prepared"
        except InputError:
            return "damaged"
    there = [(published(name, root) / f.name).is_file() for f in data.files if f.needed]
    return "downloaded" if all(there) else "in part" if any(there) else "no"


def _check(stored: np.ndarray, array: Array, said: ArrayManifest, path: Path) -> None:
    """An array against what it should be, and against its card."""
    if stored.dtype != np.dtype(array.dtype) or not fits(stored.shape[1:], array.shape):
        raise InputError(
            f"'{path}' holds {stored.dtype} {list(stored.shape[1:])}; {array.dtype} {array.words} is right"
        )
    hashed, low, high = hashlib.sha256(), np.inf, -np.inf

    def look(chunk: np.ndarray) -> None:
        nonlocal low, high
        hashed.update(np.ascontiguousarray(chunk).tobytes())
        low, high = np.minimum(low, chunk.min()), np.maximum(high, chunk.max())  # NaN stays NaN

    in_chunks(stored, look)
    if not (array.low <= low and high <= array.high):
        raise InputError(f"'{path}' holds {low:g} to {high:g}; {array.low:g} to {array.high:g} is right")
    if hashed.hexdigest() != said.sha256:
        raise InputError(f"'{path}' is damaged: its hash is not the card's; prepare the data again")
