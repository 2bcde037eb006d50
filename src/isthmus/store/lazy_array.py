"""Arrays of samples that are read in parts, for data that is too large to be loaded as a whole."""

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from isthmus.store.arrays import CHUNK_VALUES

STATISTICS_VALUES = 2**27
"""Maximum number of values from which the mean and standard deviation of an array are computed."""


class LazyArray:
    """An array [N, *shape] whose samples are read from elsewhere when it is indexed by an array of integers.

    Args:
        shape: Shape [N, *shape].
        dtype: Data type of the values.
        read: Function that reads the samples [n, *shape] of indices [n].
        digest: Hash of the samples if it is known; otherwise empty.
        numbers: Number of each sample in the array that they are a part of; None where they are all of it.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype | type | str,
        read: Callable[[np.ndarray], np.ndarray],
        digest: str = "",
        numbers: np.ndarray | None = None,
    ) -> None:
        self.shape, self.dtype, self.digest = tuple(shape), np.dtype(dtype), digest
        self._read, self._numbers = read, numbers

    def __len__(self) -> int:
        """Return the number of samples."""
        return self.shape[0]

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Read the samples [n, *shape] of indices [n]."""
        return np.ascontiguousarray(self._read(indices), dtype=self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Read all samples into memory."""
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)

    def __repr__(self) -> str:
        """Return shape and data type as text."""
        return f"LazyArray({list(self.shape)}, {self.dtype})"

    @property
    def ndim(self) -> int:
        """Number of axes, including that of the samples."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    def part(self, indices: np.ndarray) -> "LazyArray":
        """Return the samples of those indices, in their order, without reading them."""
        numbers = indices if self._numbers is None else self._numbers[indices]
        shape = (len(indices), *self.shape[1:])
        return LazyArray(shape, self.dtype, lambda chosen: self[indices[chosen]], numbers=numbers)

    def number(self, index: int) -> int:
        """Return the number of a sample in the array that this one is a part of."""
        return int(index if self._numbers is None else self._numbers[index])

    def mean(self, axis: tuple[int, ...] | None = None, dtype: type | None = None) -> np.ndarray:
        """Return the mean of each channel, [C], over all other axes whatever `axis` is; see `scale`."""
        return self.scale[0]

    def std(self, axis: tuple[int, ...] | None = None, dtype: type | None = None) -> np.ndarray:
        """Return the standard deviation of each channel, [C], over all other axes; see `scale`."""
        return self.scale[1]

    @cached_property
    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel, float64 [C].

        They are computed from all samples or, where those hold more than `STATISTICS_VALUES` values, from
        evenly spaced samples that hold about as many.
        """
        size = int(np.prod(self.shape[1:]))
        count = min(len(self), max(16, STATISTICS_VALUES // size))
        chosen = np.linspace(0, len(self) - 1, count).round().astype(np.int64)
        chunks = np.array_split(chosen, min(count, 1 + count * size // CHUNK_VALUES))
        total, mean, squares = 0, np.zeros(self.shape[1]), np.zeros(self.shape[1])
        for chunk in chunks:
            samples = self[chunk]
            axes = (0, *range(2, samples.ndim))
            number = samples.size // samples.shape[1]
            # Chan, Golub, LeVeque (1983): the moments of two parts give those of both together.
            shift = samples.mean(axes, dtype=np.float64) - mean
            spread = samples.var(axes, dtype=np.float64) * number
            squares += spread + shift**2 * (total * number / (total + number))
            total += number
            mean = mean + shift * (number / total)
        return mean, np.sqrt(squares / total)


def join(first: Any, second: Any) -> Any:
    """Return the samples of arrays [N, *shape] and [M, *shape], one after the other, without reading them.

    Two NumPy arrays become one; otherwise the result is a `LazyArray`.
    """
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.concatenate([first, second])
    border = len(first)

    def read(indices: np.ndarray) -> np.ndarray:
        rows = np.empty((len(indices), *first.shape[1:]), np.result_type(first.dtype, second.dtype))
        for array, chosen, start in ((first, indices < border, 0), (second, indices >= border, border)):
            if chosen.any():
                rows[chosen] = array[indices[chosen] - start]
        return rows

    digests = [getattr(array, "digest", "") for array in (first, second)]
    shape = (border + len(second), *first.shape[1:])
    dtype = np.result_type(first.dtype, second.dtype)
    return LazyArray(shape, dtype, read, digest=" + ".join(digests) if all(digests) else "")
