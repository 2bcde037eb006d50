"""Conversion of the user's data to numpy arrays: numbers, labels, and the inputs of a network.

Whatever is wrong with the data is an `InputError` of one line.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from isthmus.errors import InputError
from isthmus.store.arrays import first_index
from isthmus.store.lazy_array import LazyArray
from isthmus.tasks.lazy_inputs import prepare_lazy_inputs

CONTENT_NAMES = {"U": "text", "S": "text", "c": "complex numbers", "M": "dates"}
"""Names of numpy's kinds of dtype in error messages"""


def to_array(values: Any, name: str) -> np.ndarray:
    """Convert an array, a tensor or nested lists to a numpy array.

    Args:
        values: The data to convert.
        name: Name of the data in error messages.

    Raises:
        InputError: If rows differ in length.
    """
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    try:
        array = np.asarray(values)
        return np.asarray(array.tolist()) if array.dtype == object else array
    except ValueError:
        raise InputError(f"{name} is no array: its rows differ in length", key=name) from None


def to_numbers(values: Any, name: str, dtype: type | None = np.float32) -> np.ndarray:
    """Convert data to an array of finite numbers.

    Args:
        values: An array, a tensor or nested lists.
        name: Name of the data in error messages.
        dtype: Type of the result; None keeps the type of the data.

    Raises:
        InputError: If the data holds something else than numbers, or NaN or infinity; says how many there are
            and where the first one is.
    """
    array = to_array(values, name)
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"{name} holds {CONTENT_NAMES.get(array.dtype.kind, 'objects')}; it must hold numbers", key=name
        )
    with np.errstate(over="ignore"):  # A value too large for float32 becomes infinite and is refused below.
        array = array.astype(dtype or array.dtype, copy=False)
    bad = ~np.isfinite(array)
    if bad.any():
        raise InputError(
            f"{name} holds {bad.sum()} NaN or infinite {'value' if bad.sum() == 1 else 'values'}, "
            f"the first at {first_index(bad)}; fill them in or leave those samples out",
            key=name,
        )
    return array


def prepare_inputs(x: Any, input_shape: Sequence[int] | None, name: str = "x") -> np.ndarray:
    """Convert samples to the array that a network takes.

    Args:
        x: Array or tensor [N, L], [N, C, L] or [N, C, H, W], or a list of series [L_i] or [C, L_i]. A missing
            channel axis is added where there is one channel; a `LazyArray` stays unread. The series of a list
            are resampled to the task's length by linear interpolation from end to end.
        input_shape: Shape of the task's samples, (C, L) or (C, H, W). If None, the shape of `x` is kept, and
            a list of series gets the length of its longest one.
        name: Name of `x` in error messages.

    Returns:
        Finite float32 array [N, *input_shape].

    Raises:
        InputError: If `x` holds NaN, infinity, no numbers or no samples, or has a shape that does not fit.
    """
    if isinstance(x, LazyArray):
        lazy: Any = prepare_lazy_inputs(x, input_shape, name)
        return lazy  # type: ignore[no-any-return]
    if isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1:
        x = list(x)
    if isinstance(x, list | tuple):
        length = input_shape[-1] if input_shape is not None and len(input_shape) == 2 else None
        x = _stack_samples(x, name, length)
    batch = to_numbers(x, name)
    if batch.size == 0:
        raise InputError(f"{name} is empty: its shape is {list(batch.shape)}", key=name)
    if batch.ndim == 2 if input_shape is None else (input_shape[0], batch.ndim) == (1, len(input_shape)):
        batch = batch[:, None]
    if batch.ndim not in (3, 4):
        raise InputError(
            f"{name} has shape {list(batch.shape)}; give [N, L], [N, C, L] or [N, C, H, W]", key=name
        )
    if input_shape is not None and batch.shape[1:] != tuple(input_shape):
        raise InputError(
            f"{name} has samples of shape {list(batch.shape[1:])}; the task takes {list(input_shape)}",
            key=name,
        )
    return np.ascontiguousarray(batch)


def resample(series: np.ndarray, length: int) -> np.ndarray:
    """Interpolate linearly along the last axis, keeping both end points: [..., L] -> [..., length]."""
    last = series.shape[-1] - 1
    position = np.linspace(0, last, length)
    left = np.floor(position).astype(int)
    right = np.minimum(left + 1, last)
    weight = position - left
    resampled: np.ndarray = series[..., left] * (1 - weight) + series[..., right] * weight
    return resampled


def _stack_samples(samples: Sequence[Any], name: str, length: int | None) -> np.ndarray:
    """Stack samples [N, ...]; series are resampled to `length`, or to the longest one if they differ."""
    arrays = [to_array(sample, f"{name}[{i}]") for i, sample in enumerate(samples)]
    if len({array.shape for array in arrays}) <= 1:
        batch = np.stack(arrays) if arrays else np.empty((0, 0))
        if length is None or batch.ndim not in (2, 3) or batch.size == 0:
            return batch
        return resample(to_numbers(batch, name), length)
    series = []
    for i, array in enumerate(arrays):
        numbers = to_numbers(array, f"{name}[{i}]")  # Before resampling, which spreads NaN to its neighbours.
        series.append(numbers[None] if numbers.ndim == 1 else numbers)
        if series[i].ndim != 2 or len(series[i]) != len(series[0]):
            raise InputError(
                f"{name}[{i}] has shape {list(array.shape)} and {name}[0] {list(arrays[0].shape)}; "
                "the samples of a list may differ in length only, and only if they are series",
                key=f"{name}[{i}]",
            )
        if series[i].size == 0:
            raise InputError(f"{name}[{i}] is an empty series", key=f"{name}[{i}]")
    length = length or max(channels.shape[-1] for channels in series)
    return np.stack([resample(channels, length) for channels in series])
