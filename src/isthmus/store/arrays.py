"""What an array of a data set is allowed to hold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isthmus.errors import InputError

READ = 2**24
"""values read at a time where a whole array is gone through"""


@dataclass(frozen=True)
class Array:
    """An array [N, *shape].

    Attributes:
        shape: of a row; None for an axis of any length.
        dtype: as it is stored.
        low, high: the least and the greatest value that may occur.
        rows: N in the published data; None where it is not known.
    """

    shape: tuple[int | None, ...]
    dtype: str
    low: float
    high: float
    rows: int | None = None

    def fit(self, rows: np.ndarray, name: str, first: int = 0) -> np.ndarray:
        """LazyArray [n, *shape], checked and in the array's own dtype.

        Args:
            rows: of numbers.
            name: where they are from, for messages.
            first: the number of the first of them, for messages.

        Raises:
            InputError: if they are no numbers, of another shape, not finite or out of range.
        """
        if rows.dtype.kind not in "biuf":
            raise InputError(f"{name} holds {rows.dtype} values; it must hold numbers")
        if not fits(rows.shape[1:], self.shape):
            raise InputError(f"{name} has samples of shape {list(rows.shape[1:])}; {self.words} are right")
        if rows.size == 0:
            return rows.astype(self.dtype)
        low, high = rows.min(), rows.max()  # NaN if any is
        if not (self.low <= low and high <= self.high):
            wrong = ~((rows >= self.low) & (rows <= self.high))
            where = first_index(wrong)
            raise InputError(
                f"{name} holds {rows[tuple(where)]} at {[where[0] + first, *where[1:]]}; "
                f"values are {self.low:g} to {self.high:g}"
            )
        fitted = rows.astype(self.dtype)
        if fitted.dtype.kind in "iu" and rows.dtype.kind == "f" and (fitted != rows).any():
            raise InputError(f"{name} holds fractions; whole numbers are right")
        return fitted

    @property
    def words(self) -> str:
        """The shape of a row, in words."""
        return f"[{', '.join('any' if n is None else str(n) for n in self.shape)}]"


def first_index(where: np.ndarray) -> list[int]:
    """The index of the first true entry, along every axis."""
    return [int(i) for i in np.unravel_index(where.argmax(), where.shape)]


def fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Is the shape as wanted, where anything is?"""
    return len(shape) == len(wanted) and all(w in (None, n) for n, w in zip(shape, wanted, strict=True))


def in_chunks(array: np.ndarray, then: Callable[[np.ndarray], None]) -> None:
    """Go through a large array, some rows at a time."""
    step = max(1, READ // max(1, int(np.prod(array.shape[1:]))))
    for start in range(0, len(array), step):
        then(array[start : start + step])
