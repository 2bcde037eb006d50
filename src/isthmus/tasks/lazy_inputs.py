"""Samples that stay in their file as inputs of a network: looked at once, in chunks, read when needed."""

import hashlib
from collections.abc import Sequence

import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import CHUNK_VALUES
from isthmus.store.lazy_array import LazyArray


def prepare_lazy_inputs(x: LazyArray, input_shape: Sequence[int] | None, name: str) -> LazyArray:
    """Check samples [N, ...] and return them as float32 [N, *input_shape], unread; with a hash of the data.

    Args:
        x: Samples [N, L], [N, C, L] or [N, C, H, W]; a missing channel axis is added.
        input_shape: Shape of the task's samples, or None for that of `x`.
        name: Name of `x` in error messages.

    Raises:
        InputError: If they hold no numbers, NaN or infinity, or have a shape that does not fit.
    """
    if x.dtype.kind not in "biuf":
        raise InputError(f"{name} holds values of type {x.dtype}; it must hold numbers", key=name)
    if 0 in x.shape:
        raise InputError(f"{name} is empty: its shape is {list(x.shape)}", key=name)
    shape = tuple(x.shape[1:])
    if x.ndim == 2 if input_shape is None else (input_shape[0], x.ndim) == (1, len(input_shape)):
        shape = (1, *shape)
    if len(shape) not in (2, 3):
        raise InputError(
            f"{name} has shape {list(x.shape)}; give [N, L], [N, C, L] or [N, C, H, W]", key=name
        )
    if input_shape is not None and shape != tuple(input_shape):
        raise InputError(
            f"{name} has samples of shape {list(shape)}; the task takes {list(input_shape)}", key=name
        )

    def read(indices: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite and is refused
            return x[indices].astype(np.float32).reshape(len(indices), *shape)

    digest = hash_of_finite(LazyArray((len(x), *shape), np.float32, read), x, name)
    return LazyArray((len(x), *shape), np.float32, read, digest)


def hash_of_finite(array: LazyArray, origin: LazyArray, name: str) -> str:
    """Go through all samples in chunks and return the SHA-256 of their values.

    Args:
        array: Samples as float32.
        origin: Samples as they are in the file, which knows the number of each.
        name: Name of the samples in error messages.

    Raises:
        InputError: If one holds NaN or infinity; says where it is in the file.
    """
    hashed = hashlib.sha256(repr(array.shape).encode())
    step = max(1, CHUNK_VALUES // 4 // int(np.prod(array.shape[1:])))
    for start in range(0, len(array), step):
        rows = array[np.arange(start, min(start + step, len(array)))]
        finite = np.isfinite(rows)
        if not finite.all():
            first, *rest = np.argwhere(~finite)[0].tolist()
            inner = rest if origin.ndim == array.ndim else rest[1:]
            where = [origin.number(start + first), *inner]
            raise InputError(
                f"{name} holds NaN or infinite values, the first at {where}; "
                "fill them in or leave those samples out",
                key=name,
            )
        hashed.update(rows.tobytes())
    return hashed.hexdigest()
