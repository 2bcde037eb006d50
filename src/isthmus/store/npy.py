"""Published `.npy` and `.npz` files, read in chunks of rows."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from isthmus.errors import InputError
from isthmus.store.arrays import CHUNK_VALUES
from isthmus.store.reading import drain, reading
from isthmus.store.unpickle import unpickle

Header = Callable[[IO[bytes]], tuple[tuple[int, ...], bool, np.dtype]]
READ_VERSION: Callable[[IO[bytes]], tuple[int, int]] = npy.read_magic
READ_HEADER: dict[tuple[int, int], Header] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}
"""Functions that read shape, order and data type from the header of a format version."""


class NpyStream:
    """An array that comes from a stream: its shape at once, its rows in order.

    Args:
        file: Stream, open at the start of the `.npy` content.
        path: Location of the content, for messages.

    Raises:
        InputError: If it is no `.npy` content.
    """

    def __init__(self, file: IO[bytes], path: Path | str) -> None:
        self._file, self.path = file, path
        with reading(path, ".npy"):
            self.shape, self.fortran, self.dtype = READ_HEADER[READ_VERSION(file)](file)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0] if self.shape else 1

    def tell(self) -> int:
        """Return the place in the stream: after the header, that of the first value."""
        return self._file.tell()

    def chunks(self) -> Iterator[np.ndarray]:
        """Read the rows [n, ...] in order, in chunks; they must be numbers.

        Raises:
            InputError: If the file is cut off or holds objects.
        """
        if self.dtype.hasobject or not self.shape:
            raise InputError(
                f"'{self.path}' holds objects or a single value; an array of numbers is right",
                kind="file",
                key=self.path,
            )
        row = int(np.prod(self.shape[1:])) * self.dtype.itemsize
        step = len(self) if self.fortran else max(1, CHUNK_VALUES * self.dtype.itemsize // max(1, row))
        for start in range(0, len(self), step):
            count = min(step, len(self) - start)
            with reading(self.path, ".npy"):
                data = self._file.read(count * row)
                if len(data) < count * row:
                    raise ValueError(f"it is cut off at row {start + len(data) // max(1, row)}")
                flat = np.frombuffer(data, self.dtype)
            shape = (count, *self.shape[1:])
            yield flat.reshape(shape, order="F" if self.fortran else "C")
        with reading(self.path, ".npy"):
            drain(self._file)

    def read(self) -> Any:
        """Read everything: an array, or the objects in its pickle."""
        if self.dtype.hasobject:
            return unpickle(self._file, self.path)
        if not self.shape:
            raise InputError(
                f"'{self.path}' holds a single value; an array is right", kind="file", key=self.path
            )
        return np.concatenate([*self.chunks(), np.empty((0, *self.shape[1:]), self.dtype)])


@contextmanager
def open_npy(path: Path) -> Iterator[NpyStream]:
    """Open the array in a `.npy` file."""
    with reading(path, ".npy"):
        file = open(path, "rb")  # noqa: SIM115
    with file:
        yield NpyStream(file, path)


@contextmanager
def open_npz(path: Path, name: str) -> Iterator[NpyStream]:
    """Open the array of that name in a `.npz` file.

    Raises:
        InputError: If the file is damaged or lacks the array; the message says what it holds.
    """
    with reading(path, ".npz"):
        archive = zipfile.ZipFile(path)
        names = [member.removesuffix(".npy") for member in archive.namelist()]
    with archive:
        if name not in names:
            raise InputError(
                f"'{path}' holds no '{name}'; it holds {', '.join(names[:8]) or 'nothing'}",
                kind="file",
                key=path,
            )
        with reading(path, ".npz"):
            file = archive.open(f"{name}.npy")
        with file:
            yield NpyStream(file, f"{path}:{name}")
