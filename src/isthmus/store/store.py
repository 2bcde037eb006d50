"""Prepared data, read through memory maps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.files import check_path
from isthmus.store.lazy_array import LazyArray
from isthmus.store.manifest import MANIFEST, Manifest
from isthmus.store.paths import prepared


def as_float(rows: np.ndarray) -> np.ndarray:
    """Return rows unchanged but for their type, float32."""
    return rows.astype(np.float32)


class Store:
    """The arrays of a data set, and the manifest that says what they are.

    Args:
        folder: Folder of prepared data.

    Raises:
        InputError: If there is no manifest, or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.manifest = folder, Manifest.read(folder)

    @property
    def synthetic(self) -> bool:
        """Whether this is a stand-in for the published data."""
        return self.manifest.synthetic

    def __getitem__(self, name: str) -> np.ndarray:
        """Open an array [N, *shape], memory-mapped and read-only.

        Raises:
            InputError: If the file is missing, cut off or not what the manifest says.
        """
        path = self.folder / f"{name}.npy"
        if name not in self.manifest.arrays:
            raise InputError(
                f"'{self.folder}' holds no {name}; prepare the data again", kind="file", key=self.folder
            )
        expected = self.manifest.arrays[name]
        if not path.exists():
            raise InputError(f"there is no file '{path}'; prepare the data again", kind="file", key=path)
        check_path(path)
        try:
            array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, OSError, EOFError):
            raise InputError(f"'{path}' is damaged; prepare the data again", kind="file", key=path) from None
        if (array.shape, array.dtype) != (expected.shape, np.dtype(expected.dtype)):
            raise InputError(
                f"'{path}' holds {array.dtype} {list(array.shape)} and its card says "
                f"{expected.dtype} {list(expected.shape)}; prepare the data again",
                kind="file",
                key=path,
            )
        return array

    def length(self, name: str) -> int:
        """Return the number of rows of an array."""
        return self.manifest.arrays[name].shape[0]

    def labels(self, name: str) -> np.ndarray:
        """Read class numbers [N] into memory, as int64."""
        labels: np.ndarray = self[name].astype(np.int64)
        return labels

    def changed(self, name: str, change: Callable[[np.ndarray], np.ndarray] = as_float) -> Any:
        """Return an array float32 [N, *shape] whose rows are changed when they are read.

        Args:
            name: Name of the array.
            change: Function from stored rows [n, ...] to float32 [n, *shape].
        """
        array = self[name]
        shape = change(array[:1]).shape[1:]
        return self.rows(name, (len(array), *shape), lambda indices: change(array[indices]))

    def rows(self, name: str, shape: tuple[int, ...], read: Callable[[np.ndarray], np.ndarray]) -> Any:
        """Return an array float32 `shape` whose samples are made from several arrays when they are read.

        Args:
            name: Name of the samples; together with the hash of all arrays it identifies them.
            shape: Shape [N, *shape].
            read: Function from indices [n] to samples [n, *shape].
        """
        return LazyArray(shape, np.float32, read, digest=f"{name} {self.manifest.digest}")


def open_store(name: str, root: Path | str | None = None) -> Store:
    """Open the prepared data of that name, or its synthetic stand-in.

    Raises:
        InputError: If no data was prepared, or that of another data set; the message says how to get it.
    """
    folder = prepared(name, root)
    if not (folder / MANIFEST).exists():
        raise InputError(
            f"the data of '{name}' is not in '{folder}'; get it with `isthmus data download {name}` and "
            f"`isthmus data prepare {name}`, or try it out with `isthmus data mock {name}`",
            kind="file",
            key=folder,
        )
    store = Store(folder)
    if store.manifest.name != name:
        raise InputError(
            f"'{folder}' holds the data of '{store.manifest.name}', not of '{name}'", kind="file", key=folder
        )
    return store
