"""Order of the axes of x: how samples in another order become [N, C, L] or [N, C, H, W]."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.store.lazy_array import LazyArray
from isthmus.tasks.custom.raw_samples import Samples

layouts: Registry[Callable[[Samples], Samples]] = Registry("layout", "isthmus.tasks.custom")


@layouts.register("channels_first")
def channels_first(samples: Samples) -> Samples:
    """Leave [N, C, L] and [N, C, H, W] as they are."""
    return samples


@layouts.register("channels_last")
def channels_last(samples: Samples) -> Samples:
    """Move the last axis to the place of the channels: [N, L, C] and [N, H, W, C]; fields in y alike."""
    return _each(samples, lambda sample: np.moveaxis(sample, -1, 0), least=2)


@layouts.register("pictures")
def pictures(samples: Samples) -> Samples:
    """Take [N, H, W] as pictures of one channel; fields in y alike."""
    return _each(samples, lambda sample: sample[None], least=2)


@layouts.register("samples_last")
def samples_last(samples: Samples) -> Samples:
    """Move the last axis to the place of the samples, as MATLAB writes them: [L, N] and [H, W, C, N].

    Of [H, W, C, N] the channels, too, move to the front.
    """
    x = np.moveaxis(np.asarray(samples.x), -1, 0)
    moved = replace(samples, x=x)
    return channels_last(moved) if x.ndim == 4 and x.shape[-1] in (1, 3, 4) else moved


@layouts.register("rows_are_time")
def rows_are_time(samples: Samples) -> Samples:
    """Take the rows [T, C] as points in time: a recording [C, T], or one for each group, in order of time.

    Raises:
        InputError: If the rows are no vectors, or x is a list.
    """
    if isinstance(samples.x, list) or np.ndim(samples.x) > 2:
        raise InputError(
            "the layout rows_are_time takes rows of numbers, [T] or [T, C]; x has other samples", key="layout"
        )
    if samples.weights is not None:
        raise InputError("points in time have no weights; leave weight out", kind="conflict", key="weight")
    x = np.asarray(samples.x).reshape(len(samples.x), -1)
    every = np.arange(len(x))
    names = np.zeros(1, int) if samples.groups is None else samples.groups[_first(samples.groups)]
    parts = [every] if samples.groups is None else [np.flatnonzero(samples.groups == name) for name in names]
    if samples.times is not None:
        parts = [part[np.argsort(samples.times[part, 0], kind="stable")] for part in parts]
    return Samples(
        x=[np.ascontiguousarray(x[part].T) for part in parts],
        y=None if samples.y is None else [samples.y[part] for part in parts],
        ids={} if samples.groups is None else {"group": names},
        groups=None if samples.groups is None else names,
        times=None if samples.times is None else [samples.times[part, 0] for part in parts],
    )


def _first(values: np.ndarray) -> np.ndarray:
    """Return where each value comes for the first time, in that order."""
    return np.sort(np.unique(values, return_index=True)[1])


def _each(samples: Samples, change: Callable[[np.ndarray], np.ndarray], least: int) -> Samples:
    """Change each sample of x, and of y where it is a field of as many axes.

    Raises:
        InputError: If samples have fewer axes than `least`.
    """
    axes = np.ndim(samples.x[0]) if isinstance(samples.x, list) else len(samples.x.shape) - 1
    if axes < least:
        raise InputError(
            f"x has samples of {axes} axis, which has no other order; leave layout out", key="layout"
        )
    y = samples.y
    is_field = isinstance(y, np.ndarray) and y.ndim == axes + 1 and y.dtype.kind == "f"
    return replace(samples, x=_changed(samples.x, change), y=_changed(y, change) if is_field else y)


def _changed(values: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Change each sample of a list, an array or a lazy array, which stays unread."""
    if isinstance(values, list):
        return [change(np.asarray(value)) for value in values]
    if not isinstance(values, LazyArray):
        return np.stack([change(value) for value in values])
    one = change(np.empty(values.shape[1:], values.dtype))

    def read(indices: np.ndarray) -> np.ndarray:
        return np.stack([change(value) for value in values[indices]])

    return LazyArray((len(values), *one.shape), values.dtype, read, values.digest)
