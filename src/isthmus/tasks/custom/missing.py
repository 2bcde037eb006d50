"""Missing values of x: where they are, and what they become."""

from collections.abc import Callable
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.registry import Registry

Fill = Callable[[np.ndarray], tuple[float, ...] | None]

fills: Registry[Fill] = Registry("fill", "isthmus.tasks.custom")
"""What fills missing values in, found in training samples [N, K, ...]: a number for each of K, or None"""


@fills.register("mean")
def mean(x: np.ndarray) -> tuple[float, ...]:
    """Return the mean of each column or channel, [K].

    Raises:
        InputError: If a column or channel has no values at all.
    """
    columns = np.moveaxis(x.astype(np.float64), 1, 0).reshape(x.shape[1], -1)
    empty = np.isnan(columns).all(1)
    if empty.any():
        raise InputError(
            f"column or channel {int(empty.argmax())} of x has no values in the training data; "
            "leave it out: --drop",
            key="fill",
        )
    return tuple(np.nanmean(columns, 1).tolist())


@fills.register("interpolation")
def interpolation(x: np.ndarray) -> None:
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
        return fills[fill](np.asarray(x)) or fill
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
    gaps = np.isnan(x) if x.dtype.kind == "f" else np.zeros(x.shape, dtype=bool)
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
