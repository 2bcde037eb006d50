"""`.npz`: arrays by name, none of them pickled."""

import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.store.npy import open_npz
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats


@formats.register(".npz")
def read_npz(path: Path) -> Arrays:
    """The arrays of an archive."""
    with reading(path, ".npz"), zipfile.ZipFile(path) as archive:
        names = tuple(member.removesuffix(".npy") for member in archive.namelist())
    return Arrays(path, names, partial(_array, path))


def _array(path: Path, name: str) -> Any:
    with open_npz(path, name) as stream:
        if stream.dtype.hasobject:  # a pickle
            raise InputError(f"the array '{name}' of '{path}' holds objects; save numbers or text")
        return stream.read()
