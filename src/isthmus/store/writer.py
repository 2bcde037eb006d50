"""Arrays that are written row by row with checks, into a folder that is complete or not there."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from isthmus.errors import InputError
from isthmus.files import make_folder, told_when_full
from isthmus.store.arrays import Array, in_chunks
from isthmus.store.manifest import ArrayManifest

Progress = Callable[[str, int], None]
"""(name of the array, number of its rows so far) -> None."""

ADVICE = "give a place with room as --root"

DESCRIBE_DTYPE: Callable[[np.dtype], Any] = npy.dtype_to_descr
WRITE_HEADER: Callable[[BinaryIO, dict[str, Any]], None] = npy.write_array_header_1_0


class Writer:
    """Writes the arrays of a data set to a folder, as `NAME.npy` each.

    Args:
        folder: Empty folder.
        arrays: Arrays to write.
        progress: Function that is called with an array's name and its number of rows so far.
    """

    def __init__(self, folder: Path, arrays: Mapping[str, Array], progress: Progress | None = None) -> None:
        self._files = {name: _ArrayFile(folder / f"{name}.npy", array) for name, array in arrays.items()}
        self._progress = progress or (lambda name, rows: None)

    def add(self, name: str, rows: np.ndarray, origin: str = "") -> None:
        """Append rows [n, *shape] to an array.

        Args:
            name: Name of the array.
            rows: Rows of numbers that its data type can hold.
            origin: Where the rows come from, for messages; empty for the array's name.

        Raises:
            InputError: If the array cannot hold the rows (see `Array.convert`), or the disk is full.
        """
        file = self._files[name]
        in_chunks(rows, lambda chunk: file.add(chunk, origin or name))
        self._progress(name, file.count)

    def finish(self) -> dict[str, ArrayManifest]:
        """Complete the files and return what is in them.

        Raises:
            InputError: If an array was left empty.
        """
        return {name: file.finish(name) for name, file in self._files.items()}

    def close(self) -> None:
        """Close the files, complete or not."""
        for file in self._files.values():
            file.close()


class _ArrayFile:
    """A `.npy` file whose header is written a second time, with the number of rows, when all are there."""

    def __init__(self, path: Path, array: Array) -> None:
        self.path, self.array = path, array
        self.shape: tuple[int, ...] = ()
        self.count = 0
        self.low, self.high = np.inf, -np.inf
        self.hash = hashlib.sha256()
        self.file: BinaryIO | None = None

    def add(self, rows: np.ndarray, origin: str) -> None:
        """Check and append rows."""
        rows = self.array.convert(rows, origin, self.count)
        with told_when_full(self.path.parent, ADVICE):
            if self.file is None:
                self.shape = rows.shape[1:]
                self.file = open(self.path, "wb")  # noqa: SIM115
                self._write_header()
            elif rows.shape[1:] != self.shape:
                shapes = f"{list(self.shape)} and {list(rows.shape[1:])}"
                raise InputError(
                    f"{origin} has samples of shapes {shapes}; one shape is right",
                    kind="file",
                    key=origin.partition(", ")[0],
                )
            data = np.ascontiguousarray(rows).data.cast("B") if rows.size else b""
            self.file.write(data)
        self.hash.update(data)
        self.count += len(rows)
        if rows.size:
            self.low, self.high = min(self.low, float(rows.min())), max(self.high, float(rows.max()))

    def finish(self, name: str) -> ArrayManifest:
        """Write the final header and close the file."""
        if self.file is None or not self.count:
            raise InputError(f"the published files hold no samples for {name}", kind="file", key=name)
        with told_when_full(self.path.parent, ADVICE):
            self.file.seek(0)
            self._write_header()
            self.file.close()
        return ArrayManifest(
            shape=(self.count, *self.shape),
            dtype=self.array.dtype,
            low=self.low,
            high=self.high,
            sha256=self.hash.hexdigest(),
        )

    def close(self) -> None:
        """Close the file if it is open; a disk that was too full for it has been told of."""
        if self.file is not None:
            with suppress(OSError):
                self.file.close()

    def _write_header(self) -> None:
        """Write the header; numpy pads it so that one with more rows is as long as the first."""
        assert self.file is not None
        header = {
            "descr": DESCRIBE_DTYPE(np.dtype(self.array.dtype)),
            "fortran_order": False,
            "shape": (self.count, *self.shape),
        }
        WRITE_HEADER(self.file, header)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`, and rename it to `path` if the block succeeds.

    No two processes get the same temporary folder. A folder that is there already is replaced.

    Raises:
        InputError: If no folder can be created there.
    """
    make_folder(path.parent)
    temporary = make_folder(path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part"))
    try:
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def leftovers(path: Path) -> list[Path]:
    """Return the temporary folders of `path` that killed processes left, also those of earlier versions."""
    return [*path.parent.glob(f".{path.name}.*.part"), *path.parent.glob(f"{path.name}.part")]
