"""Inputs of a task: [N, C, L] or [N, C, H, W], float32; series of different lengths are resampled."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.arrays import to_array, to_numbers


def prepare_inputs(x: Any, input_shape: Sequence[int] | None, name: str = "x") -> np.ndarray:
    """Samples as the network takes them.

    Args:
        x: [N, L], [N, C, L] or [N, C, H, W] (array, tensor), or a list of series [L_i] or [C, L_i].
            A missing channel axis is added where there is one channel. The series of a list are
            resampled to the task's length (linear interpolation, end to end).
        input_shape: the task's (C, L) or (C, H, W), or None to take the shape `x` has, a list
            of series then getting the length of its longest.
        name: how messages call `x`.

    Returns:
        float32 [N, *input_shape], finite.

    Raises:
        InputError: NaN or infinity, not numbers, no samples, or a shape that does not fit.
    """
    length = input_shape[-1] if input_shape is not None and len(input_shape) == 2 else None
    batch = to_numbers(_batch(x, name, length), name)
    if batch.size == 0:
        raise InputError(f"{name} is empty: its shape is {list(batch.shape)}")
    if batch.ndim == _rank_without_channel(input_shape):
        batch = batch[:, None]
    if batch.ndim not in (3, 4):
        raise InputError(f"{name} has shape {list(batch.shape)}; give [N, L], [N, C, L] or [N, C, H, W]")
    if input_shape is not None and batch.shape[1:] != tuple(input_shape):
        raise InputError(
            f"{name} has samples of shape {list(batch.shape[1:])}; the task takes {list(input_shape)}"
        )
    return np.ascontiguousarray(batch)


def resample(series: np.ndarray, length: int) -> np.ndarray:
    """Linear interpolation along the last axis, first and last points kept: [..., L] -> [..., length]."""
    last = series.shape[-1] - 1
    place = np.linspace(0, last, length)
    left = np.floor(place).astype(int)
    right = np.minimum(left + 1, last)
    share = place - left
    return series[..., left] * (1 - share) + series[..., right] * share


def _rank_without_channel(input_shape: Sequence[int] | None) -> int | None:
    """The rank of a batch that lacks its single channel axis, if it may."""
    if input_shape is None:
        return 2
    return len(input_shape) if input_shape[0] == 1 else None


def _batch(x: Any, name: str, length: int | None) -> np.ndarray:
    """One array of all samples; a list becomes one here."""
    if isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1:
        x = list(x)
    if not isinstance(x, list | tuple):
        return to_array(x, name)
    samples = [to_array(sample, f"{name}[{i}]") for i, sample in enumerate(x)]
    if len({sample.shape for sample in samples}) > 1:
        return _same_length(samples, name, length)
    batch = np.stack(samples) if samples else np.empty((0, 0))
    if length is None or batch.ndim not in (2, 3) or batch.size == 0:
        return batch
    return resample(to_numbers(batch, name), length)


def _same_length(samples: list[np.ndarray], name: str, length: int | None) -> np.ndarray:
    """Series [L_i] or [C, L_i] resampled to `length` or else the longest: [N, C, length]."""
    series = []
    for i, sample in enumerate(samples):
        numbers = to_numbers(sample, f"{name}[{i}]")  # NaN must be seen before it spreads to neighbours
        series.append(numbers[None] if numbers.ndim == 1 else numbers)
        if series[i].ndim != 2 or len(series[i]) != len(series[0]):
            raise InputError(
                f"{name}[{i}] has shape {list(sample.shape)} and {name}[0] {list(samples[0].shape)}; "
                "the samples of a list may differ in length only, and only if they are series"
            )
        if series[i].size == 0:
            raise InputError(f"{name}[{i}] is an empty series")
    length = length or max(one.shape[-1] for one in series)
    return np.stack([resample(one, length) for one in series])
