"""Noise in the shapes of a data set."""

from collections.abc import Mapping

import numpy as np

from isthmus.store.arrays import Array
from isthmus.store.writer import Writer

ANY = 16
"""length of an axis that may have any"""
REACH = 4.0
"""numbers are drawn from a normal distribution, cut off there"""


def noise(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """LazyArray drawn at random for every array: whole numbers from all that may occur, others around 0.

    Args:
        arrays: to be written.
        writer: of the folder.
        rng: of the draws.
        samples: rows of each.
    """
    for name, array in arrays.items():
        writer.add(name, draw(array, rng, samples))


def draw(array: Array, rng: np.random.Generator, samples: int) -> np.ndarray:
    """LazyArray [samples, *shape] that the array may hold."""
    shape = (samples, *(ANY if n is None else n for n in array.shape))
    if np.dtype(array.dtype).kind in "iu":
        return rng.integers(int(array.low), int(array.high), shape, endpoint=True)
    low, high = max(array.low, -REACH), min(array.high, REACH)
    return rng.standard_normal(shape, dtype=np.float32).clip(low, high)
