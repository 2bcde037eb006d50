"""Arrays of samples that are read in parts, for data that is too large to be loaded whole."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

CHUNK = 2**24
"""values read at a time where all are gone through"""
LOOKED_AT = 2**27
"""values that the mean and deviation of an array are taken from, at most"""


class LazyArray:
    """Stands for an array [N, *shape]: indexed by an array of integers, it reads those samples.

    Args:
        shape: [N, *shape]
        dtype: of the values.
        read: indices [n] -> samples [n, *shape].
        digest: hash of what is read, where it was taken before; else empty.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype | type | str,
        read: Callable[[np.ndarray], np.ndarray],
        digest: str = "",
    ) -> None:
        self.shape, self.dtype, self.digest = tuple(shape), np.dtype(dtype), digest
        self._read = read

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self._read(indices), dtype=self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All samples, in memory."""
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)

    def __repr__(self) -> str:
        return f"LazyArray({list(self.shape)}, {self.dtype})"

    @property
    def ndim(self) -> int:
        """Number of axes, the samples' among them."""
        return len(self.shape)

    def part(self, indices: np.ndarray) -> "LazyArray":
        """Those samples, in their order, still unread."""
        return LazyArray((len(indices), *self.shape[1:]), self.dtype, lambda chosen: self[indices[chosen]])

    def mean(self, axis: tuple[int, ...] | None = None, dtype: type | None = None) -> np.ndarray:
        """Of each channel, [C], over all other axes; see `scale`."""
        return self.scale[0]

    def std(self, axis: tuple[int, ...] | None = None, dtype: type | None = None) -> np.ndarray:
        """Of each channel, [C], over all other axes; see `scale`."""
        return self.scale[1]

    @cached_property
    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel, float64 [C].

        Of all samples, or, where those hold more than `LOOKED_AT` values, of so many samples at equal
        distances that they hold about as many.
        """
        size = int(np.prod(self.shape[1:]))
        count = min(len(self), max(16, LOOKED_AT // size))
        chosen = np.linspace(0, len(self) - 1, count).round().astype(np.int64)
        chunks = np.array_split(chosen, min(count, 1 + count * size // CHUNK))
        counted, mean, squares = 0, np.zeros(self.shape[1]), np.zeros(self.shape[1])
        for chunk in chunks:
            part = self[chunk]
            axes = (0, *range(2, part.ndim))
            number, of_part = part.size // part.shape[1], part.mean(axes, dtype=np.float64)
            shift = of_part - mean  # Chan, Golub, LeVeque (1983): moments of two parts make those of both
            spread = part.var(axes, dtype=np.float64) * number
            squares += spread + shift**2 * (counted * number / (counted + number))
            counted += number
            mean = mean + shift * (number / counted)
        return mean, np.sqrt(squares / counted)


def part(array: Any, indices: np.ndarray) -> Any:
    """Those samples of an array; of `LazyArray`, still unread."""
    return array.part(indices) if isinstance(array, LazyArray) else array[indices]


def digest(array: Any) -> str:
    """The hash that was taken before of what an array reads; empty if there is none."""
    return array.digest if isinstance(array, LazyArray) else ""
