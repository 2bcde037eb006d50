"""`.npy`: an array in each file, with those beside it, `X_train.npy`, `y_train.npy`; read lazily."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.npy import open_npy
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats, unused
from isthmus.tasks.custom.lazy import Rows, check_numbers, whole_or_lazy
from isthmus.tasks.custom.limits import check_fits
from isthmus.tasks.custom.roles import role


@formats.register(".npy")
def read_npy(path: Path) -> Arrays:
    """List the array of a file and those in files beside it whose names go with it: x and y, train and test.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged.
    """
    said = role(path.stem)
    beside = sorted(
        file for file in path.parent.iterdir() if file.suffix.lower() == ".npy" and file.is_file()
    )
    files = [file for file in beside if said and (role(file.stem) or ("", ""))[0] == said[0]] or [path]
    read_header(path)
    return arrays_of(path, files)


def arrays_of(path: Path, files: list[Path]) -> Arrays:
    """Return the arrays of `.npy` files by their names without suffix."""
    by_name = {file.stem: file for file in files}
    names = tuple(by_name)
    return Arrays(path, names, lambda name: read_array(by_name[name]), unused(names))


def read_header(path: Path) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Read shape, whether the order is Fortran's, data type, and the place of the first value.

    Raises:
        InputError: If it is no `.npy` file, is cut off, or holds objects or a single value.
    """
    with open_npy(path) as stream, open(path, "rb") as file:
        if stream.dtype.hasobject or stream.dtype.names:
            raise InputError(
                f"'{path}' holds objects or records; save numbers or text", kind="file", key=path
            )
        if not stream.shape:
            raise InputError(f"'{path}' holds a single value; an array is right", kind="file", key=path)
        offset = stream.tell()
        needed = offset + int(np.prod([int(n) for n in stream.shape], dtype=object)) * stream.dtype.itemsize
        held = os.fstat(file.fileno()).st_size
        if held < needed:
            raise InputError(
                f"'{path}' cannot be read as .npy: it is cut off: shape {list(stream.shape)} takes {needed} "
                f"bytes and it has {held}",
                kind="file",
                key=path,
            )
        return stream.shape, stream.fortran, stream.dtype, offset


def read_array(path: Path) -> Any:
    """Read the array of a `.npy` file; one of many values stays in the file.

    Raises:
        InputError: If the file is damaged or holds anything but numbers or text.
    """
    shape, fortran, dtype, offset = read_header(path)
    size = int(np.prod(shape[1:], dtype=object)) * dtype.itemsize

    @contextmanager
    def opened() -> Iterator[Rows]:
        with reading(path, ".npy"), open(path, "rb") as file:

            def rows(start: int, stop: int) -> np.ndarray:
                file.seek(offset + start * size)
                flat = np.fromfile(file, dtype, (stop - start) * (size // max(1, dtype.itemsize)))
                return flat.reshape(stop - start, *shape[1:])

            yield rows

    if fortran or dtype.kind not in "biufc":
        check_fits(path, path.stem, shape, dtype.itemsize)
        with reading(path, ".npy"):
            return np.load(path, allow_pickle=False)
    check_numbers(path, path.stem, "array", dtype)
    return whole_or_lazy(shape, dtype, opened)
