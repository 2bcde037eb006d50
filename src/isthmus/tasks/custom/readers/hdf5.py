"""`.h5`, `.hdf5`: datasets by their path in the file, such as `ecg/signals`, links included; read lazily."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats, unused
from isthmus.tasks.custom.lazy import Rows, check_numbers, whole_or_lazy
from isthmus.tasks.custom.limits import check_size

MOST_NAMES = 10_000
"""Datasets that are listed; links may lead in circles"""
CACHE_BYTES = 2**26
"""Bytes of compressed chunks that are kept while rows are read"""


class Datasets(Arrays):
    """Named arrays, which HDF5 calls datasets; `/ecg/signals` is `ecg/signals`."""

    item = "dataset"

    def _read_with_gaps(self, name: str) -> Any:
        """Read the dataset of a name, with whatever is missing in it."""
        return super()._read_with_gaps(name.strip("/"))


@formats.register(".h5")
@formats.register(".hdf5")
@formats.register(".hdf")
def read_hdf5(path: Path) -> Datasets:
    """List the datasets of all groups, also those that links lead to.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged.
    """
    names, notes = list_datasets(path)
    return Datasets(path, names, lambda name: read_dataset(path, name), (*notes, *unused(names)))


def list_datasets(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths of all datasets of a file, and notes on links that lead nowhere."""
    import h5py

    names: list[str] = []
    notes: list[str] = []

    def collect(group: Any, prefix: str, inside: tuple[Any, ...]) -> None:
        for key in group:
            if len(names) >= MOST_NAMES:
                return
            try:
                item = group[key]
            except (KeyError, OSError):
                notes.append(f"the link '{prefix}{key}' leads nowhere and was left out")
                continue
            if isinstance(item, h5py.Dataset):
                names.append(prefix + key)
            elif isinstance(item, h5py.Group) and not any(item == outer for outer in inside):
                collect(item, f"{prefix}{key}/", (*inside, item))

    with reading(path, "HDF5"), h5py.File(path) as file:
        collect(file, "", (file["/"],))
    return tuple(names), tuple(notes)


def read_dataset(path: Path, name: str) -> Any:
    """Read a dataset of numbers or text; one of many numbers stays in the file.

    Raises:
        InputError: If it holds a single value or objects, or was declared and never written.
    """
    import h5py

    with reading(f"{path}:{name}", "a dataset"), h5py.File(path) as file:
        data = file[name]
        shape, dtype = data.shape, data.dtype
        if not shape:
            raise InputError(
                f"the dataset '{name}' of '{path}' holds a single value; an array is right",
                kind="file",
                key=path,
            )
        stored = None if data.external or data.is_virtual else data.id.get_storage_size()
        check_size(path, name, shape, dtype.itemsize, stored)
        if h5py.check_string_dtype(dtype):
            return np.asarray(data.asstr()[()].tolist())
        if dtype.hasobject or dtype.kind == "V":
            raise InputError(
                f"the dataset '{name}' of '{path}' holds objects; save numbers or text", kind="file", key=path
            )
    check_numbers(path, name, "dataset", dtype)

    @contextmanager
    def opened() -> Iterator[Rows]:
        with reading(path, "a dataset"), h5py.File(path, rdcc_nbytes=CACHE_BYTES) as file:
            yield lambda start, stop: file[name][start:stop]

    return whole_or_lazy(shape, dtype, opened)
