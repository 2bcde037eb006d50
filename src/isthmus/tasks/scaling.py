"""Mean and deviation of numbers, what of them is noise, and the precision that they need."""

import math
from typing import Any

import numpy as np

from isthmus.store.arrays import evenly_spaced

POSITION_SAMPLES = 4096
"""Samples that the statistics of positions are computed from, at most"""

VALUES_AT_A_TIME = 2**22
"""Values that are in memory as float64 at a time, 32 MiB"""

FAR = 800
"""Deviations from zero up to which float32 tells values apart well, to 1e-4 of a deviation"""

FLOAT32_RANGE = 1e-30, 1e30
"""Deviations that float32 holds with room for what is computed with them"""

# Part of the mean up to which a deviation is rounding: half a unit in the last place where values were
# measured, as most float32 ones were; more in float64, where most were computed and have errors of their own.
NOISE = {np.dtype(np.float32): 2.0**-25, np.dtype(np.float64): 2.0**-48}


def by_channel(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean and deviation [C] over samples and positions of x [N, C, ...], in float64."""
    axes = (0, *range(2, x.ndim))
    return x.mean(axes, dtype=np.float64), x.std(axes, dtype=np.float64)


def by_position(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean and deviation [C, ...] over samples of x [N, C, ...], of at most `POSITION_SAMPLES`."""
    chosen = evenly_spaced(len(x), POSITION_SAMPLES)
    mean, squares = _moments(x, chosen)
    return mean, np.sqrt(squares / len(chosen))


def by_point(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean and deviation [...] over samples of x [N, ...], in float64; the deviation over N - 1."""
    mean, squares = _moments(x, np.arange(len(x)))
    return mean, np.sqrt(squares / max(1, len(x) - 1))


def _moments(x: Any, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean [...] of chosen samples of x [N, ...], and the sum of squares about it, in float64."""
    rows = max(1, VALUES_AT_A_TIME // max(1, math.prod(x.shape[1:])))
    parts = [chosen[start : start + rows] for start in range(0, len(chosen), rows)]
    total = sum(x[part].sum(0, dtype=np.float64) for part in parts)
    mean = total / len(chosen)
    return mean, sum(np.square(x[part] - mean).sum(0) for part in parts)


def unscaled(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return mean 0 and deviation 1 [C] for x [N, C, ...], which is then left as it is."""
    return np.zeros(x.shape[1]), np.ones(x.shape[1])


SCALES = {"channel": by_channel, "position": by_position, "none": unscaled}


def varies(mean: np.ndarray, std: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return where values of a dtype vary by more than rounding errors do."""
    varying: np.ndarray = std > NOISE[np.dtype(dtype)] * np.abs(mean)
    return varying


def divisor(mean: np.ndarray, std: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the deviations to divide by, of channels [C] or positions [C, ...].

    Where values do not vary, it is the largest deviation within the channel, then that of all channels, then
    1, so that it changes with the unit of the data as the others do.
    """
    varying = varies(mean, std, dtype)
    known = np.where(varying, std, 0.0)
    largest = known.max(tuple(range(1, known.ndim)), keepdims=True)
    instead = np.where(largest > 0, largest, known.max() or 1.0)
    return np.where(varying, std, instead)


def needs_float64(mean: np.ndarray, std: np.ndarray, dtype: np.dtype) -> bool:
    """Return whether float32 loses what varies: too far from zero, too small or too large."""
    least, most = FLOAT32_RANGE
    size = np.abs(mean)
    lost = (size > FAR * std) | (std < least) | (std > most)
    return bool((lost & varies(mean, std, dtype)).any() or (size > most).any())


def compact(numbers: np.ndarray) -> np.ndarray:
    """Return numbers [N, C, ...] as float32 if that holds them, else as float64."""
    if numbers.dtype.itemsize <= 2 or numbers.dtype == np.float32:
        return numbers.astype(np.float32, copy=False)
    exact = numbers.astype(np.float64, copy=False)
    is_wide = any(needs_float64(*statistics(exact), exact.dtype) for statistics in SCALES.values())
    return exact if is_wide else exact.astype(np.float32)
