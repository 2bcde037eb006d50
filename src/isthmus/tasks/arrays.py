"""Conversion of the user's data to numpy arrays: numbers, labels, and the inputs of a network.

Whatever is wrong with the data is an `InputError` of one line.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import first_index
from isthmus.store.lazy_array import LazyArray
from isthmus.tasks.lazy_inputs import prepare_lazy_inputs
from isthmus.tasks.scaling import compact

CONTENT_NAMES = {"U": "text", "S": "text", "c": "complex numbers", "M": "dates", "m": "durations"}
"""Names of numpy's kinds of dtype in error messages"""

NETCDF_FILL = 9.969209968386869e36
"""What files of NetCDF hold where there is no value"""

LEAST, MOST = 1e-150, 1e150
"""Magnitudes whose squares float64 holds"""


def to_array(values: Any, name: str) -> np.ndarray:
    """Convert an array, a tensor or nested lists to a numpy array.

    Args:
        values: The data to convert.
        name: Name of the data in error messages.

    Raises:
        InputError: If rows differ in length, values are missing (masked, None, pandas' NA), or text stands
            beside other values.
    """
    torch = sys.modules.get("torch")  # nobody has a tensor who has not imported it
    if torch is not None and isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    _check_masks(values, name)
    try:
        array = np.asarray(values)
        if array.dtype != object and not (array.dtype.kind in "USMm" and isinstance(values, list | tuple)):
            return array
        objects = np.asarray(values, dtype=object)
        array = np.asarray(objects.tolist())
    except ValueError:
        raise InputError(f"{name} is no array: its rows differ in length", key=name) from None
    _check_objects(objects, name)
    return array


def to_numbers(values: Any, name: str, dtype: np.dtype | type | None = np.float32) -> np.ndarray:
    """Convert data to an array of finite numbers.

    Args:
        values: An array, a tensor or nested lists.
        name: Name of the data in error messages.
        dtype: Type of the result; None keeps the type of the data.

    Raises:
        InputError: If the data holds something else than numbers, or NaN, infinity, what stands for a missing
            value, or what `dtype` cannot hold; says how many there are and where the first one is.
    """
    array = to_array(values, name)
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"{name} holds {CONTENT_NAMES.get(array.dtype.kind, 'objects')}; it must hold numbers", key=name
        )
    refuse_where(~np.isfinite(array), name, "NaN or infinite")
    if array.dtype.itemsize > 2:
        refuse_where(array == NETCDF_FILL, name, "missing", f" ({NETCDF_FILL:.5e}, as NetCDF fills them in)")
    if dtype is None:
        return array
    with np.errstate(over="ignore"):  # what is too large for it becomes infinite
        converted = array.astype(dtype, copy=False)
    too_large = ~np.isfinite(converted)
    if too_large.any():
        where = first_index(too_large)
        raise InputError(
            f"{name} holds {array[tuple(where)]:.4g} at {where}, which is too large beside the training data;"
            " put it right, or leave that sample out",
            key=name,
        )
    return converted


def to_compact(numbers: np.ndarray, name: str) -> np.ndarray:
    """Convert finite numbers [N, C, ...] to float32, or to float64 where float32 would lose what varies.

    Raises:
        InputError: If a channel's magnitude is beyond what float64 can compute with.
    """
    if numbers.dtype.itemsize > 4:
        size = np.abs(numbers.astype(np.float64, copy=False)).max((0, *range(2, numbers.ndim)))
        outside = (size > MOST) | ((size < LEAST) & (size > 0))
        if outside.any():
            raise InputError(
                f"{name} reaches {size[outside][0]:.4g}; give it in another unit, in which it reaches "
                f"{LEAST:.0e} to {MOST:.0e}",
                key=name,
            )
    return compact(numbers)


def refuse_where(bad: np.ndarray, name: str, what: str, why: str = "") -> None:
    """Raise InputError if anything is bad: how many values there are of a kind, and where the first is."""
    if bad.any():
        raise InputError(
            f"{name} holds {bad.sum()} {what} {'value' if bad.sum() == 1 else 'values'}{why}, "
            f"the first at {first_index(bad)}; fill them in or leave those samples out",
            key=name,
        )


def _check_masks(values: Any, name: str) -> None:
    """Refuse a masked array that masks something, also in a list; numpy would forget the mask."""
    if np.ma.is_masked(values):
        refuse_where(np.asarray(np.ma.getmask(values)), name, "masked")
    if isinstance(values, list | tuple):
        refuse_where(np.array([np.ma.is_masked(value) for value in values]), name, "masked")


def _check_objects(objects: np.ndarray, name: str) -> None:
    """Refuse missing values, and text that numpy would merge with other values.

    Raises:
        InputError: If there are missing values, text beside other values, or text that ends in NUL.
    """
    if objects.ndim == 0:
        return
    missing = np.vectorize(_is_missing, otypes=[bool])(objects) if objects.size else np.zeros(0, bool)
    refuse_where(missing, name, "missing")
    kinds = np.array([_text_kind(value) for value in objects.ravel()]).reshape(objects.shape)
    other = kinds != kinds.ravel()[:1]
    if kinds.any() and (other | (kinds > 2)).any():
        where = first_index(other | (kinds > 2))
        what = "text that ends in NUL" if kinds.max() > 2 else "text and other values"
        raise InputError(f"{name} holds {what}, as at {where}; give one kind", key=name)


def _text_kind(value: Any) -> int:
    """Return 0 for what is no text, 1 for text, 2 for bytes, 3 for either of which numpy drops the end."""
    if not isinstance(value, str | bytes):
        return 0
    return 3 if value[-1:] in ("\0", b"\0") else 1 + isinstance(value, bytes)


def _is_missing(value: Any) -> bool:
    """Return whether an object stands for no value: None, NaN, NaT, pandas' NA."""
    if value is None or value is np.ma.masked:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas' NA is neither
        return True
    except ValueError:  # an array, which is looked at by itself
        return False


def prepare_inputs(
    x: Any, input_shape: Sequence[int] | None, name: str = "x", dtype: np.dtype | type | None = None
) -> np.ndarray:
    """Convert samples to the array that a network takes.

    Args:
        x: Array or tensor [N, L], [N, C, L] or [N, C, H, W], or a list of series [L_i] or [C, L_i]. A missing
            channel axis is added where there is one channel. The series of a list are resampled to the task's
            length by linear interpolation from end to end. A `LazyArray` stays unread.
        input_shape: Shape of the task's samples, (C, L) or (C, H, W). If None, the shape of `x` is kept, and
            a list of series gets the length of its longest one.
        name: Name of `x` in error messages.
        dtype: Type of the result; None for float32, or for float64 where float32 would lose what varies.

    Returns:
        Finite array [N, *input_shape].

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
    batch = to_numbers(x, name, dtype)
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
    return np.ascontiguousarray(to_compact(batch, name) if dtype is None else batch)


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
        return resample(to_numbers(batch, name, dtype=None), length)
    series = []
    for i, array in enumerate(arrays):
        # Before resampling, which spreads NaN to its neighbours.
        numbers = to_numbers(array, f"{name}[{i}]", dtype=None)
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
