"""What users hand over as data, turned into numpy arrays, or one clear line on what is wrong with it."""

from typing import Any

import numpy as np
import torch

from isthmus.errors import InputError
from isthmus.store.arrays import first_index


def to_array(values: Any, name: str) -> np.ndarray:
    """A numpy array of an array, a tensor or nested lists.

    Raises:
        InputError: if rows differ in length; `name` says whose.
    """
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        return (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    try:
        array = np.asarray(values)
        return np.asarray(array.tolist()) if array.dtype == object else array
    except ValueError:
        raise InputError(f"{name} is no array: its rows differ in length") from None


def to_numbers(values: Any, name: str) -> np.ndarray:
    """A float32 array of finite numbers.

    Raises:
        InputError: if something else is in it than numbers, or NaN or infinity: how many, the first where.
    """
    array = to_array(values, name)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} holds {_content(array)}; it must hold numbers")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
        array = array.astype(np.float32, copy=False)
    check_finite(array, name)
    return array


def check_finite(array: np.ndarray, name: str) -> None:
    """Refuse NaN and infinity.

    Raises:
        InputError: with their number and the first index.
    """
    bad = ~np.isfinite(array)
    if bad.any():
        values = "value" if bad.sum() == 1 else "values"
        raise InputError(
            f"{name} holds {bad.sum()} NaN or infinite {values}, the first at {first_index(bad)}; "
            "fill them in or leave those samples out"
        )


def _content(array: np.ndarray) -> str:
    return {"U": "text", "S": "text", "c": "complex numbers", "M": "dates"}.get(array.dtype.kind, "objects")
