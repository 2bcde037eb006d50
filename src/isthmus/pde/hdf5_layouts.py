"""The two HDF5 layouts of the published PDE data sets, for writing and for reading.

A file is created at its full size, with every array contiguous. Samples are then written as plain bytes to
their place, by any process and in any order, without touching HDF5's own structures. Published files are read
a few samples at a time.
"""

import math
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import fits
from isthmus.store.reading import reading, same_length

Shapes = Mapping[str, tuple[int, ...]]
"""Field name -> shape of one sample"""

FLOAT = np.dtype("<f4")
"""Type in which samples and coordinates are written"""


@dataclass(frozen=True)
class State:
    """A part of one sample's field, such as its values at one time.

    Attributes:
        field: Name of the HDF5 array that holds the field.
        axes: Names of the axes of one sample in that array, each with its length; None for any length.
        index: Index of the part within one sample.
    """

    field: str
    axes: Mapping[str, int | None]
    index: tuple[Any, ...]


class SampleReader(ABC):
    """Samples of an open file, read by their numbers."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of samples."""

    @abstractmethod
    def read(self, state: State, numbers: range) -> np.ndarray:
        """Return a state of some samples.

        Args:
            state: State to read; one of those that the reader was opened for.
            numbers: Numbers of consecutive samples.

        Returns:
            Array [n, *size].

        Raises:
            InputError: If an array is missing or has another shape than the rest.
        """


class Layout(ABC):
    """Where a file keeps its samples and coordinates."""

    @abstractmethod
    def allocate(self, file: h5py.File, samples: int, shapes: Shapes, axes: Mapping[str, np.ndarray]) -> None:
        """Allocate the arrays of the samples, and write the coordinates."""

    @abstractmethod
    def offset(self, file: h5py.File, field: str, number: int) -> int:
        """Return the position in the file, in bytes, at which a field of a sample begins."""

    @abstractmethod
    def open_samples(self, file: h5py.File, path: Path, states: Sequence[State]) -> SampleReader:
        """Return a reader for the samples of an open file.

        Args:
            file: Open HDF5 file.
            path: Path of the file, for error messages.
            states: States that will be read.

        Raises:
            InputError: If an array is missing or has another shape than its state says.
        """

    def create(
        self,
        path: Path,
        samples: int,
        shapes: Shapes,
        axes: Mapping[str, np.ndarray],
        attributes: Mapping[str, Any],
    ) -> None:
        """Create a file that holds everything but the values of the samples.

        Args:
            path: Path of the file; an existing file is overwritten.
            samples: Number of samples.
            shapes: Shape of one sample for each field.
            axes: Coordinates along each axis.
            attributes: Attributes of the file.
        """
        with h5py.File(path, "w") as file:
            file.attrs.update(attributes)
            self.allocate(file, samples, shapes, axes)

    def write(self, path: Path, first: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Write consecutive samples to their place as float32.

        Args:
            path: Path of a file made by `create`.
            first: Number of the first sample.
            arrays: Samples [N, *shape] for each field.
        """
        with h5py.File(path) as file:
            offsets = {
                (field, i): self.offset(file, field, first + i)
                for field, array in arrays.items()
                for i in range(len(array))
            }
        with open(path, "r+b") as raw:
            for (field, i), offset in offsets.items():
                raw.seek(offset)
                raw.write(arrays[field][i].astype(FLOAT).tobytes())

    def checksum(self, path: Path, numbers: range, shapes: Shapes) -> int:
        """Return the CRC-32 of all values of consecutive samples, as they are in the file.

        Args:
            path: Path of a file made by `create`.
            numbers: Numbers of the samples.
            shapes: Shape of one sample for each field.

        Raises:
            InputError: If it is no HDF5 file any more.
        """
        with reading(path, "HDF5"), h5py.File(path) as file:
            offsets = [(self.offset(file, f, n), math.prod(shapes[f])) for n in numbers for f in shapes]
        found = 0
        with open(path, "rb") as raw:
            for offset, values in offsets:
                raw.seek(offset)
                found = zlib.crc32(raw.read(values * FLOAT.itemsize), found)
        return found


class Stacked(Layout):
    """One array [N, *shape] for each field; coordinates in `x-coordinate`, `t-coordinate` and so on.

    As in the published files, `t-coordinate` has one time more than there are states, a step after the last.
    """

    def allocate(self, file: h5py.File, samples: int, shapes: Shapes, axes: Mapping[str, np.ndarray]) -> None:
        """Allocate one array for each field, and write the coordinates once."""
        for field, shape in shapes.items():
            _allocate(file, field, (samples, *shape))
        for axis, values in axes.items():
            if axis == "t":
                values = np.append(values, 2 * values[-1] - values[-2])
            file.create_dataset(f"{axis}-coordinate", data=values.astype(FLOAT))

    def offset(self, file: h5py.File, field: str, number: int) -> int:
        """Return the position in the file, in bytes, at which a field of a sample begins."""
        array = file[field]
        start, values = int(array.id.get_offset()), int(math.prod(array.shape[1:]))
        return start + number * values * FLOAT.itemsize

    def open_samples(self, file: h5py.File, path: Path, states: Sequence[State]) -> SampleReader:
        """Return a reader for the arrays of these states."""
        return _StackedReader(file, path, states)


class Grouped(Layout):
    """A group for each sample, "0000" and so on, with its fields and the coordinates `grid/x`, `grid/t`..."""

    def allocate(self, file: h5py.File, samples: int, shapes: Shapes, axes: Mapping[str, np.ndarray]) -> None:
        """Allocate the fields of each sample in its group, and write the coordinates into each."""
        for number in range(samples):
            group = file.create_group(_group_name(number))
            for field, shape in shapes.items():
                _allocate(group, field, shape)
            for axis, values in axes.items():
                group.create_dataset(f"grid/{axis}", data=values.astype(FLOAT))

    def offset(self, file: h5py.File, field: str, number: int) -> int:
        """Return the position in the file, in bytes, at which a field of a sample begins."""
        return int(file[_group_name(number)][field].id.get_offset())

    def open_samples(self, file: h5py.File, path: Path, states: Sequence[State]) -> SampleReader:
        """Return a reader for all groups in the order of their numbers."""
        return _GroupedReader(file, path, states)


class _StackedReader(SampleReader):
    """Reads the `Stacked` layout."""

    def __init__(self, file: h5py.File, path: Path, states: Sequence[State]) -> None:
        self._arrays = {state.field: _checked_array(file, state, str(path), stacked=True) for state in states}
        same_length(path, **self._arrays)

    def __len__(self) -> int:
        return min(map(len, self._arrays.values()))

    def read(self, state: State, numbers: range) -> np.ndarray:
        values: np.ndarray = self._arrays[state.field][(slice(numbers.start, numbers.stop), *state.index)]
        return values


class _GroupedReader(SampleReader):
    """Reads the `Grouped` layout."""

    def __init__(self, file: h5py.File, path: Path, states: Sequence[State]) -> None:
        self._file, self._path = file, path
        self._names = sorted(file, key=lambda name: (len(name), name))  # so that "10000" follows "9999"
        for name in self._names[:1]:
            for state in states:
                self._array(name, state)

    def __len__(self) -> int:
        return len(self._names)

    def read(self, state: State, numbers: range) -> np.ndarray:
        names = self._names[numbers.start : numbers.stop]
        values = [self._array(name, state)[state.index] for name in names]
        for name, value in zip(names, values, strict=True):
            if value.shape != values[0].shape:
                raise InputError(
                    f"'{self._path}' has fields of shape {list(values[0].shape)} in '{names[0]}' and "
                    f"{list(value.shape)} in '{name}'; one shape is right",
                    kind="file",
                    key=self._path,
                )
        return np.stack(values)

    def _array(self, name: str, state: State) -> h5py.Dataset:
        return _checked_array(self._file[name], state, f"{self._path}:{name}", stacked=False)


def _group_name(number: int) -> str:
    """Return the name of a sample's group."""
    return f"{number:04d}"


def _allocate(group: h5py.Group, name: str, shape: tuple[int, ...]) -> None:
    """Create an array that has its place in the file from the start, and no values yet."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.CONTIGUOUS)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    group.create_dataset(name, shape, dtype=FLOAT, dcpl=creation, fill_time="never")


def _checked_array(
    group: h5py.Group | h5py.Dataset, state: State, place: str, *, stacked: bool
) -> h5py.Dataset:
    """Return the array of a state's field, not yet read, after checking its shape.

    Args:
        group: Group that should hold the array.
        state: State to be read from it.
        place: Name of the group, for error messages.
        stacked: Whether the array has an axis of samples in front.

    Raises:
        InputError: If there is no such array, or its shape is another.
    """
    found = group.get(state.field) if isinstance(group, h5py.Group) else None
    if not isinstance(found, h5py.Dataset):
        names = ", ".join(list(group)[:8]) if isinstance(group, h5py.Group) else "an array"
        raise InputError(
            f"'{place}' holds no '{state.field}'; it holds {names or 'nothing'}", kind="file", key=place
        )
    axes = {"sample": None, **state.axes} if stacked else state.axes
    if not fits(found.shape, tuple(axes.values())):
        right = ", ".join(axis if length is None else f"{axis} = {length}" for axis, length in axes.items())
        raise InputError(
            f"'{place}:{state.field}' has shape {list(found.shape)}; [{right}] is right",
            kind="file",
            key=place,
        )
    return found
