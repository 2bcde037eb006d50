"""Arrays of files that are read whole where they are small, and in parts where they are large."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.lazy_array import LazyArray

LAZY_VALUES = 2**24
"""Arrays of more values than this stay in their file; as float32, one more would be 64 MiB"""

Rows = Callable[[int, int], np.ndarray]
"""Reader of the rows [stop - start, ...] of an array: (start, stop) -> rows"""


def whole_or_lazy(
    shape: Sequence[int],
    dtype: np.dtype,
    opened: Callable[[], AbstractContextManager[Rows]],
) -> np.ndarray | LazyArray:
    """Read an array, or leave it in its file to be read row by row if it is large.

    Args:
        shape: Shape [N, ...].
        dtype: Type of its values, numbers.
        opened: Function that opens the file and gives a reader of rows.
    """
    if len(shape) < 2 or math.prod(shape) <= LAZY_VALUES:
        with opened() as rows:
            return np.asarray(rows(0, shape[0]))

    def read(indices: np.ndarray) -> np.ndarray:
        with opened() as rows:
            return gather(rows, np.asarray(indices), tuple(shape[1:]), dtype)

    return LazyArray(tuple(shape), dtype, read)


def gather(rows: Rows, indices: np.ndarray, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Read the rows of indices, in their order, each run of neighbours at once: [n, *shape]."""
    found = np.empty((len(indices), *shape), dtype)
    order = np.argsort(indices, kind="stable")
    for run in np.split(order, np.flatnonzero(np.diff(indices[order]) > 1) + 1):
        if len(run):
            start = int(indices[run[0]])
            found[run] = rows(start, int(indices[run[-1]]) + 1)[indices[run] - start]
    return found


def side_by_side(arrays: Sequence[Any]) -> LazyArray:
    """Put arrays of one shape [N, ...] side by side, [N, K, ...], without reading them."""
    first, dtype = arrays[0], np.result_type(*(array.dtype for array in arrays))

    def read(indices: np.ndarray) -> np.ndarray:
        return np.stack([array[indices] for array in arrays], axis=1)

    return LazyArray((len(first), len(arrays), *first.shape[1:]), dtype, read)


def check_numbers(path: Any, name: str, item: str, dtype: np.dtype) -> None:
    """Check that an array that is read lazily holds numbers.

    Raises:
        InputError: If it does not.
    """
    if dtype.kind not in "biuf":
        raise InputError(
            f"the {item} '{name}' of '{path}' holds values of type {dtype}; save numbers or text",
            kind="file",
            key=path,
        )
