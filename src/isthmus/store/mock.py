"""Noise in the shapes of a data set."""

from collections.abc import Mapping

import numpy as np

from isthmus.store.arrays import Array
from isthmus.store.writer import Writer

ANY_LENGTH = 16
"""Length of an axis that may have any length."""
MAX_DEVIATION = 4.0
"""Absolute value at which the normally distributed numbers are clipped."""


def noise(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """Write random rows to every array: uniform whole numbers, or floats from a normal distribution around 0.

    Args:
        arrays: Arrays to write.
        writer: Writer of the arrays.
        rng: Generator of the draws.
        samples: Number of rows of each array.
    """
    for name, array in arrays.items():
        writer.add(name, draw(array, rng, samples))


def draw(array: Array, rng: np.random.Generator, samples: int) -> np.ndarray:
    """Draw rows [samples, *shape] that the array may hold."""
    shape = (samples, *(ANY_LENGTH if n is None else n for n in array.shape))
    if np.dtype(array.dtype).kind in "iu":
        return rng.integers(int(array.low), int(array.high), shape, endpoint=True)
    low, high = max(array.low, -MAX_DEVIATION), min(array.high, MAX_DEVIATION)
    return rng.standard_normal(shape, dtype=np.float32).clip(low, high)
