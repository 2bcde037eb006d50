"""`.h5`, `.hdf5`: datasets by their path in the file, such as `ecg/signals`."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats


class Datasets(Arrays):
    """Named arrays, which HDF5 calls datasets."""

    item = "dataset"


@formats.register(".h5")
@formats.register(".hdf5")
def read_hdf5(path: Path) -> Datasets:
    """List the datasets of all groups.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged.
    """
    import h5py

    names: list[str] = []

    def collect(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            names.append(name)

    with reading(path, "HDF5"), h5py.File(path) as file:
        file.visititems(collect)
    return Datasets(path, tuple(names), partial(_read_array, path))


def _read_array(path: Path, name: str) -> np.ndarray:
    """Read a dataset of numbers or text."""
    import h5py

    with reading(f"{path}:{name}", "a dataset"), h5py.File(path) as file:
        data = file[name]
        if not data.shape:
            raise InputError(
                f"the dataset '{name}' of '{path}' holds a single value; an array is right",
                kind="file",
                key=path,
            )
        if h5py.check_string_dtype(data.dtype):
            return np.asarray(data.asstr()[()].tolist())
        if data.dtype.hasobject:
            raise InputError(
                f"the dataset '{name}' of '{path}' holds objects; save numbers or text", kind="file", key=path
            )
        array: np.ndarray = data[()]
    return array
