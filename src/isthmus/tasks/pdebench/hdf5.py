"""The two layouts of published HDF5 files, read a few samples at a time."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import fits
from isthmus.store.reading import same_length


@dataclass(frozen=True)
class State:
    """A field of a sample at one time.

    Attributes:
        variable: name of the array that holds it.
        axes: of a sample in that array, each with its length; None for any.
        at: index of the field in a sample.
    """

    variable: str
    axes: Mapping[str, int | None]
    at: tuple[Any, ...]


class Layout(ABC):
    """Samples in an open file.

    Args:
        file: open.
        path: for messages.
        states: that will be read.

    Raises:
        InputError: if an array of theirs is missing or of another shape; there or in `read`.
    """

    test_first: ClassVar[bool]
    """are the samples for test the first, or the last?"""

    @abstractmethod
    def __init__(self, file: h5py.File, path: Path, states: Sequence[State]) -> None: ...

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def read(self, state: State, numbers: range) -> np.ndarray:
        """The field of those samples, [n, *size]."""


class Stacked(Layout):
    """One array for each variable, [N, *axes]."""

    test_first = True

    def __init__(self, file: h5py.File, path: Path, states: Sequence[State]) -> None:
        self._arrays = {state.variable: _array(file, state, str(path), stacked=True) for state in states}
        same_length(path, **self._arrays)

    def __len__(self) -> int:
        return min(map(len, self._arrays.values()))

    def read(self, state: State, numbers: range) -> np.ndarray:
        fields: np.ndarray = self._arrays[state.variable][(slice(numbers.start, numbers.stop), *state.at)]
        return fields


class Grouped(Layout):
    """A group for each sample, "0000" and so on, with an array for each variable, [*axes]."""

    test_first = False

    def __init__(self, file: h5py.File, path: Path, states: Sequence[State]) -> None:
        self._file, self._path = file, path
        self._names = sorted(file, key=lambda name: (len(name), name))  # "10000" comes behind "9999"
        for name in self._names[:1]:
            for state in states:
                self._array(name, state)

    def __len__(self) -> int:
        return len(self._names)

    def read(self, state: State, numbers: range) -> np.ndarray:
        names = self._names[numbers.start : numbers.stop]
        fields = [self._array(name, state)[state.at] for name in names]
        for name, field in zip(names, fields, strict=True):
            if field.shape != fields[0].shape:
                raise InputError(
                    f"'{self._path}' has fields of shape {list(fields[0].shape)} in '{names[0]}' and "
                    f"{list(field.shape)} in '{name}'; one shape is right"
                )
        return np.stack(fields)

    def _array(self, name: str, state: State) -> h5py.Dataset:
        return _array(self._file[name], state, f"{self._path}:{name}", stacked=False)


def _array(group: h5py.Group | h5py.Dataset, state: State, place: str, *, stacked: bool) -> h5py.Dataset:
    """The array of a state's variable, still unread, one axis of samples in front if stacked."""
    found = group.get(state.variable) if isinstance(group, h5py.Group) else None
    if not isinstance(found, h5py.Dataset):
        names = ", ".join(list(group)[:8]) if isinstance(group, h5py.Group) else "an array"
        raise InputError(f"'{place}' holds no '{state.variable}'; it holds {names or 'nothing'}")
    axes = {"sample": None, **state.axes} if stacked else state.axes
    if not fits(found.shape, tuple(axes.values())):
        right = ", ".join(axis if length is None else f"{axis} = {length}" for axis, length in axes.items())
        raise InputError(f"'{place}:{state.variable}' has shape {list(found.shape)}; [{right}] is right")
    return found
