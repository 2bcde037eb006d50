"""Arrays in the making: rows are checked and appended; the folder is whole or not there."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from isthmus.errors import InputError
from isthmus.files import make_folder
from isthmus.store.arrays import Array, in_chunks
from isthmus.store.manifest import ArrayManifest

Progress = Callable[[str, int], None]
"""(what is worked on, how far it is)"""


class Writer:
    """Writes the arrays of a data set to a folder, `NAME.npy` each.

    Args:
        folder: that is there and empty.
        arrays: what is to be written.
        progress: is told the array and its number of rows so far.
    """

    def __init__(self, folder: Path, arrays: Mapping[str, Array], progress: Progress | None = None) -> None:
        self._growing = {name: _Growing(folder / f"{name}.npy", array) for name, array in arrays.items()}
        self._progress = progress or (lambda name, rows: None)

    def add(self, name: str, rows: np.ndarray, origin: str = "") -> None:
        """Append rows [n, *shape] to an array.

        Args:
            name: of the array.
            rows: of numbers that its dtype can hold.
            origin: where they are from, for messages; the array's name if empty.

        Raises:
            InputError: as `Array.fit`, or if the disk is full.
        """
        array = self._growing[name]
        in_chunks(rows, lambda chunk: array.add(chunk, origin or name))
        self._progress(name, array.count)

    def finish(self) -> dict[str, ArrayManifest]:
        """Complete the files.

        Raises:
            InputError: if an array was left empty.
        """
        return {name: array.finish(name) for name, array in self._growing.items()}

    def close(self) -> None:
        """Let go of the files, whatever state they are in."""
        for array in self._growing.values():
            array.close()


class _Growing:
    """A `.npy` file whose header is written again, with the number of rows, when all are there."""

    def __init__(self, path: Path, array: Array) -> None:
        self.path, self.array = path, array
        self.shape, self.count = (), 0
        self.low, self.high = np.inf, -np.inf
        self.hash = hashlib.sha256()
        self.file: BinaryIO | None = None

    def add(self, rows: np.ndarray, origin: str) -> None:
        rows = self.array.fit(rows, origin, self.count)
        with _disk(self.path):
            if self.file is None:
                self.shape = rows.shape[1:]
                self.file = open(self.path, "wb")  # noqa: SIM115
                self._header()
            elif rows.shape[1:] != self.shape:
                shapes = f"{list(self.shape)} and {list(rows.shape[1:])}"
                raise InputError(f"{origin} has samples of shapes {shapes}; one shape is right")
            data = np.ascontiguousarray(rows).data.cast("B") if rows.size else b""
            self.file.write(data)
        self.hash.update(data)
        self.count += len(rows)
        if rows.size:
            self.low, self.high = min(self.low, float(rows.min())), max(self.high, float(rows.max()))

    def finish(self, name: str) -> ArrayManifest:
        if self.file is None or not self.count:
            raise InputError(f"the published files hold no samples for {name}")
        with _disk(self.path):
            self.file.seek(0)
            self._header()
            self.file.close()
        return ArrayManifest(
            shape=(self.count, *self.shape),
            dtype=self.array.dtype,
            low=self.low,
            high=self.high,
            sha256=self.hash.hexdigest(),
        )

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def _header(self) -> None:
        """Numpy leaves room in a header for its first axis to grow: a later one is as long as an earlier."""
        assert self.file is not None
        description = npy.dtype_to_descr(np.dtype(self.array.dtype))
        npy.write_array_header_1_0(
            self.file, {"descr": description, "fortran_order": False, "shape": (self.count, *self.shape)}
        )


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to write to; put it in its place if the block ends well.

    Raises:
        InputError: if no folder can be made there.
    """
    beside = path.with_name(f"{path.name}.part")
    make_folder(path.parent)
    shutil.rmtree(beside, ignore_errors=True)
    make_folder(beside)
    try:
        yield beside
        if path.exists():
            shutil.rmtree(path)
        beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """What the disk refuses, in one line."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write '{path.parent}': {error.strerror}; give a place with room as --root"
        ) from None
