"""Published `.npy` and `.npz` files, some rows at a time."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from isthmus.errors import InputError
from isthmus.store.arrays import READ
from isthmus.store.reading import reading
from isthmus.store.unpickle import unpickle


class NpyStream:
    """An array that comes from a stream: its shape at once, its rows in order.

    Args:
        file: open, at the start of the `.npy`.
        path: for messages.

    Raises:
        InputError: if it is no `.npy` file.
    """

    def __init__(self, file: IO[bytes], path: Path | str) -> None:
        self._file, self.path = file, path
        with reading(path, ".npy"):
            version = npy.read_magic(file)
            read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
            self.shape, self._fortran, self.dtype = read(file)

    def __len__(self) -> int:
        return self.shape[0] if self.shape else 1

    def chunks(self) -> Iterator[np.ndarray]:
        """LazyArray [n, ...] in order, as many at a time as fit; numbers only.

        Raises:
            InputError: if the file is cut off or holds objects.
        """
        if self.dtype.hasobject or not self.shape:
            raise InputError(f"'{self.path}' holds objects or a single value; an array of numbers is right")
        row = int(np.prod(self.shape[1:])) * self.dtype.itemsize
        step = len(self) if self._fortran else max(1, READ * self.dtype.itemsize // max(1, row))
        for start in range(0, len(self), step):
            count = min(step, len(self) - start)
            with reading(self.path, ".npy"):
                data = self._file.read(count * row)
                if len(data) < count * row:
                    raise ValueError(f"it is cut off at row {start + len(data) // max(1, row)}")
                flat = np.frombuffer(data, self.dtype)
            shape = (count, *self.shape[1:])
            yield flat.reshape(shape, order="F" if self._fortran else "C")

    def read(self) -> Any:
        """All of it: an array, or what the pickle inside holds."""
        if self.dtype.hasobject:
            return unpickle(self._file, self.path)
        if not self.shape:
            raise InputError(f"'{self.path}' holds a single value; an array is right")
        return np.concatenate([*self.chunks(), np.empty((0, *self.shape[1:]), self.dtype)])


@contextmanager
def open_npy(path: Path) -> Iterator[NpyStream]:
    """The array in a `.npy` file."""
    with reading(path, ".npy"):
        file = open(path, "rb")  # noqa: SIM115
    with file:
        yield NpyStream(file, path)


@contextmanager
def open_npz(path: Path, name: str) -> Iterator[NpyStream]:
    """The array of that name in a `.npz` file.

    Raises:
        InputError: if the file is damaged or lacks it; says what it holds.
    """
    with reading(path, ".npz"):
        archive = zipfile.ZipFile(path)
        names = [member.removesuffix(".npy") for member in archive.namelist()]
    with archive:
        if name not in names:
            raise InputError(f"'{path}' holds no '{name}'; it holds {', '.join(names[:8]) or 'nothing'}")
        with reading(path, ".npz"):
            file = archive.open(f"{name}.npy")
        with file:
            yield NpyStream(file, f"{path}:{name}")
