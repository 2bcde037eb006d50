"""What an array of a data set may hold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isthmus.errors import InputError

CHUNK_VALUES = 2**24
"""Number of values read at a time where a whole array is gone through."""


@dataclass(frozen=True)
class Array:
    """An array [N, *shape].

    Attributes:
        shape: Shape of a row; None for an axis of any length.
        dtype: Data type in which it is stored.
        low: Least value that may occur.
        high: Greatest value that may occur.
        rows: N in the published data; None if unknown.
    """

    shape: tuple[int | None, ...]
    dtype: str
    low: float
    high: float
    rows: int | None = None

    def convert(self, rows: np.ndarray, name: str, first: int = 0) -> np.ndarray:
        """Check rows [n, *shape] and convert them to the array's data type.

        Args:
            rows: Rows of numbers.
            name: Where the rows come from, for messages: a file, and after a comma what of it.
            first: Index of the first row in the array, for messages.

        Raises:
            InputError: If the values are no numbers, of another shape, not finite or out of range.
        """
        place = name.partition(", ")[0]
        if rows.dtype.kind not in "biuf":
            raise InputError(
                f"{name} holds {rows.dtype} values; it must hold numbers", kind="file", key=place
            )
        if not fits(rows.shape[1:], self.shape):
            raise InputError(
                f"{name} has samples of shape {list(rows.shape[1:])}; {self.shape_text} are right",
                kind="file",
                key=place,
            )
        if rows.size == 0:
            return rows.astype(self.dtype)
        low, high = rows.min(), rows.max()  # NaN if any value is
        if not (self.low <= low and high <= self.high):
            index = first_index(~((rows >= self.low) & (rows <= self.high)))
            raise InputError(
                f"{name} holds {rows[tuple(index)]} at {[index[0] + first, *index[1:]]}; "
                f"values are {self.low:g} to {self.high:g}",
                kind="file",
                key=place,
            )
        converted = rows.astype(self.dtype)
        if converted.dtype.kind in "iu" and rows.dtype.kind == "f" and (converted != rows).any():
            raise InputError(f"{name} holds fractions; whole numbers are right", kind="file", key=place)
        return converted

    @property
    def shape_text(self) -> str:
        """Shape of a row as text, for messages."""
        return f"[{', '.join('any' if n is None else str(n) for n in self.shape)}]"


def first_index(mask: np.ndarray) -> list[int]:
    """Return the index of the first true entry, along every axis."""
    return [int(i) for i in np.unravel_index(mask.argmax(), mask.shape)]


def evenly_spaced(length: int, count: int) -> np.ndarray:
    """Return `count` evenly spaced ones of `length` indices, at least one and at most all: int64."""
    return np.linspace(0, length - 1, max(1, min(count, length))).round().astype(np.int64)


def fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Return whether a shape is the wanted one, where None stands for any length."""
    return len(shape) == len(wanted) and all(w in (None, n) for n, w in zip(shape, wanted, strict=True))


def in_chunks(array: np.ndarray, function: Callable[[np.ndarray], None]) -> None:
    """Call a function with all rows of a large array, some rows at a time."""
    step = max(1, CHUNK_VALUES // max(1, int(np.prod(array.shape[1:]))))
    for start in range(0, len(array), step):
        function(array[start : start + step])
