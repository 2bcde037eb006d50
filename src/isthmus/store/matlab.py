"""Published `.mat` files: versions 5 to 7.2 are read by scipy, version 7.3 and plain HDF5 by h5py."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import CHUNK_VALUES
from isthmus.store.reading import reading

HDF5 = b"\x89HDF\r\n\x1a\n"
USERBLOCK = 512
"""Number of bytes before the HDF5 content of a file that MATLAB wrote."""


def mat_rows(path: Path, name: str, stop: int) -> Iterator[np.ndarray]:
    """Read the first `stop` rows [n, ...] of a variable, in chunks.

    HDF5 that MATLAB wrote has the axes of its arrays reversed; HDF5 of other programs has not.

    Raises:
        InputError: If the file is cut off, of another format, or lacks the variable.
    """
    with reading(path, "a .mat file"):
        with open(path, "rb") as file:
            head = file.read(USERBLOCK + len(HDF5))
        if HDF5 in (head[: len(HDF5)], head[USERBLOCK:]):
            yield from _from_hdf5(path, name, stop, reverse=head.startswith(b"MATLAB"))
        elif head.startswith(b"MATLAB 5.0"):
            yield _from_version_5(path, name)[:stop]
        else:
            raise InputError(f"'{path}' is no .mat file of version 5 or 7.3, nor HDF5", kind="file", key=path)


def _from_hdf5(path: Path, name: str, stop: int, reverse: bool) -> Iterator[np.ndarray]:
    """Read a variable of an HDF5 file in chunks of rows."""
    import h5py

    with h5py.File(path) as file:
        if name not in file:
            raise InputError(f"'{path}' holds no '{name}'; it holds {', '.join(file)}", kind="file", key=path)
        data = file[name]
        count = min(stop, data.shape[-1] if reverse else data.shape[0])
        step = max(1, CHUNK_VALUES * count // max(1, data.size))
        for start in range(0, count, step):
            rows = slice(start, min(start + step, count))
            yield data[..., rows].transpose() if reverse else data[rows]


def _from_version_5(path: Path, name: str) -> np.ndarray:
    """Read a variable of a file of version 5 to 7.2."""
    from scipy.io import loadmat, whosmat

    names = [known for known, _, _ in whosmat(path)]
    if name not in names:
        raise InputError(f"'{path}' holds no '{name}'; it holds {', '.join(names)}", kind="file", key=path)
    array: np.ndarray = loadmat(path, variable_names=[name])[name]
    return array
