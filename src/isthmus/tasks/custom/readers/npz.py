"""`.npz`: arrays by name, none of them pickled."""

import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.store.npy import open_npz
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats, unused
from isthmus.tasks.custom.limits import check_fits, check_size


@formats.register(".npz")
def read_npz(path: Path) -> Arrays:
    """List the arrays of an archive.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged.
    """
    with reading(path, ".npz"), zipfile.ZipFile(path) as archive:
        names = tuple(member.removesuffix(".npy") for member in archive.namelist())
    return Arrays(path, names, partial(_read_array, path), unused(names))


def _read_array(path: Path, name: str) -> Any:
    """Read an array of numbers or text."""
    with reading(path, ".npz"), zipfile.ZipFile(path) as archive:
        stored = archive.getinfo(f"{name}.npy")
    with open_npz(path, name) as stream:
        if stream.dtype.hasobject or stream.dtype.names:  # objects would be unpickled
            raise InputError(
                f"the array '{name}' of '{path}' holds objects or records; save numbers or text",
                kind="file",
                key=path,
            )
        check_size(path, name, stream.shape, stream.dtype.itemsize, stored.compress_size)
        check_fits(path, name, stream.shape, stream.dtype.itemsize)
        return stream.read()
