"""Missing values of x: where they are, and what they become."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.store.lazy_array import LazyArray

ROWS = 1024
"""Samples that are read at a time"""

Fill = Callable[[Any], tuple[float, ...] | None]

fills: Registry[Fill] = Registry("fill", "isthmus.tasks.custom")
"""What fills missing values in, found in training samples [N, K, ...]: a number for each of K, or None"""


@fills.register("mean")
def mean(x: Any) -> tuple[float, ...]:
    """Return the mean of each column or channel, [K].

    Raises:
        InputError: If a column or channel has no values at all.
    """
    total, count = 0.0, np.zeros(1)
    for part in _parts(x):
        axes = (0, *range(2, part.ndim))
        total = total + np.nansum(part, axes)
        count = count + (~np.isnan(part)).sum(axes)
    if not count.all():
        raise InputError(
            f"column or channel {int((count == 0).argmax())} of x has no values in the training data; "
            "leave it out: --drop",
            key="fill",
        )
    return tuple((total / count).tolist())


def _parts(x: Any) -> Iterator[np.ndarray]:
    """Yield samples as float64 [n, K, ...], a few at a time."""
    if isinstance(x, list):
        yield from (np.atleast_2d(np.asarray(sample, dtype=np.float64))[None] for sample in x)
        return
    for start in range(0, len(x), ROWS):
        yield np.asarray(x[np.arange(start, min(start + ROWS, len(x)))], dtype=np.float64)


@fills.register("interpolation")
def interpolation(x: Any) -> None:
    """Return nothing: each sample is filled in by itself."""


def fill_values(fill: str | float | tuple[float, ...], x: Any) -> str | tuple[float, ...]:
    """Return what fills missing values in, in later samples too: a number for each of K, or "interpolation".

    Args:
        fill: Name in `fills`, one number, or the numbers themselves.
        x: Training samples [N, K, ...].
    """
    if isinstance(fill, tuple):
        return fill
    if isinstance(fill, str):
        return fills[fill](x) or fill
    return (float(fill),) * (x.shape[1] if np.ndim(x) > 1 else 1)


def fill_in(x: Any, fill: str | tuple[float, ...]) -> Any:
    """Fill missing values in: by numbers [K], or by linear interpolation along the last axis.

    Args:
        x: Samples [N, K, ...], or a list of series [C, L].
        fill: What `fill_values` returned.

    Raises:
        InputError: If a series has no values to interpolate between, or there are not as many numbers as
            columns or channels.
    """
    if isinstance(x, list):
        return [fill_in(np.asarray(sample, dtype=float)[None], fill)[0] for sample in x]
    if x.dtype.kind != "f":
        return x
    if isinstance(x, LazyArray):
        return LazyArray(x.shape, x.dtype, lambda indices: fill_in(x[indices], fill))
    gaps = np.isnan(x)
    if not gaps.any():
        return x
    if not isinstance(fill, str):
        if len(fill) != x.shape[1]:
            raise InputError(
                f"there are {len(fill)} fill values and {x.shape[1]} columns or channels of x",
                kind="conflict",
                key="fill",
            )
        return np.where(gaps, np.reshape(fill, (-1, *[1] * (x.ndim - 2))), x)
    filled = x.copy()
    series, holes = filled.reshape(-1, x.shape[-1]), gaps.reshape(-1, x.shape[-1])
    points = np.arange(x.shape[-1])
    for number in np.flatnonzero(holes.any(1)):
        hole = holes[number]
        if hole.all():
            raise InputError(
                f"sample {number // max(1, len(series) // len(x))} has a series without any value; "
                "give --fill mean, or leave it out",
                key="fill",
            )
        series[number, hole] = np.interp(points[hole], points[~hole], series[number, ~hole])
    return filled


def first_gap(x: Any) -> tuple[int, tuple[int, ...]] | None:
    """Return how many values are missing, and the index of the first; None if there are none."""
    arrays = x if isinstance(x, list) else [x] if isinstance(x, np.ndarray) else []
    count, where = 0, None
    for number, array in enumerate(map(np.asarray, arrays)):
        gaps = array == "" if array.dtype.kind == "U" else array != array
        if not np.any(gaps):
            continue
        if where is None:
            place = tuple(int(i) for i in np.argwhere(gaps)[0])
            where = (number, *place) if isinstance(x, list) else place
        count += int(gaps.sum())
    return None if where is None else (count, where)
