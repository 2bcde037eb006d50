"""Prepared data, read through memory maps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.lazy_array import LazyArray
from isthmus.store.manifest import CARD, Manifest
from isthmus.store.paths import prepared


def as_float(rows: np.ndarray) -> np.ndarray:
    """LazyArray as they are, in float32."""
    return rows.astype(np.float32)


class Store:
    """The arrays of a data set, and the card that says what they are.

    Args:
        folder: of prepared data.

    Raises:
        InputError: if there is no card, or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.card = folder, Manifest.read(folder)

    @property
    def synthetic(self) -> bool:
        """Is this a stand-in for the published data?"""
        return self.card.synthetic

    def __getitem__(self, name: str) -> np.ndarray:
        """An array [N, *shape], memory-mapped, read-only.

        Raises:
            InputError: if the file is missing, cut off or not what the card says.
        """
        path = self.folder / f"{name}.npy"
        if name not in self.card.arrays:
            raise InputError(f"'{self.folder}' holds no {name}; prepare the data again")
        said = self.card.arrays[name]
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            raise InputError(f"there is no file '{path}'; prepare the data again") from None
        except (ValueError, OSError, EOFError):
            raise InputError(f"'{path}' is damaged; prepare the data again") from None
        if (array.shape, array.dtype) != (said.shape, np.dtype(said.dtype)):
            raise InputError(
                f"'{path}' holds {array.dtype} {list(array.shape)} and its card says "
                f"{said.dtype} {list(said.shape)}; prepare the data again"
            )
        return array

    def length(self, name: str) -> int:
        """Number of rows of an array."""
        return self.card.arrays[name].shape[0]

    def labels(self, name: str) -> np.ndarray:
        """Class numbers [N], int64, in memory."""
        return self[name].astype(np.int64)

    def changed(self, name: str, change: Callable[[np.ndarray], np.ndarray] = as_float) -> Any:
        """An array whose rows are changed as they are read: stands for float32 [N, *shape].

        Args:
            name: of the array.
            change: stored rows [n, ...] to float32 [n, *shape].
        """
        array = self[name]
        shape = change(array[:1]).shape[1:]
        return self.rows(name, (len(array), *shape), lambda indices: change(array[indices]))

    def rows(self, name: str, shape: tuple[int, ...], read: Callable[[np.ndarray], np.ndarray]) -> Any:
        """Samples made from several arrays: stands for float32 `shape`.

        Args:
            name: of what is read: with the hash of all arrays, it stands for the samples.
            shape: [N, *shape]
            read: indices [n] to samples [n, *shape].
        """
        return LazyArray(shape, np.float32, read, digest=f"{name} {self.card.digest}")


def open_store(name: str, root: Path | str | None = None) -> Store:
    """The prepared data of that name, or its synthetic stand-in.

    Raises:
        InputError: if no data was prepared, or that of another data set; says how to.
    """
    folder = prepared(name, root)
    if not (folder / CARD).exists():
        raise InputError(
            f"the data of '{name}' is not in '{folder}'; get it with `isthmus data download {name}` and "
            f"`isthmus data prepare {name}`, or try it out with `isthmus data mock {name}`"
        )
    store = Store(folder)
    if store.card.name != name:
        raise InputError(f"'{folder}' holds the data of '{store.card.name}', not of '{name}'")
    return store
