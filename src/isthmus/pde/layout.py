"""How published HDF5 files are laid out, and how samples get to their place in them.

A file is created at its full size with every array contiguous. Samples are then written as plain bytes where
they belong: by any process, in any order, and HDF5's own structures are never at stake.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Shapes = Mapping[str, tuple[int, ...]]
FLOAT = np.dtype("<f4")


class Layout(ABC):
    """Where a file keeps its fields and coordinates."""

    @abstractmethod
    def fill_in(self, file: h5py.File, samples: int, shapes: Shapes, axes: Mapping[str, np.ndarray]) -> None:
        """Make room for the samples, and write the coordinates."""

    @abstractmethod
    def offset(self, file: h5py.File, field: str, index: int) -> int:
        """The byte at which a sample's field begins."""

    def create(
        self,
        path: Path,
        samples: int,
        shapes: Shapes,
        axes: Mapping[str, np.ndarray],
        attributes: Mapping[str, Any],
    ) -> None:
        """Write a file that has everything but the samples.

        Args:
            path: of the file; one that is there is overwritten.
            samples: how many.
            shapes: of one sample, for each field.
            axes: coordinates.
            attributes: what else to say about the file.
        """
        with h5py.File(path, "w") as file:
            file.attrs.update(attributes)
            self.fill_in(file, samples, shapes, axes)

    def write(self, path: Path, first: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Put samples first, first + 1, ... in their place as float32.

        Args:
            path: of a file made by `create`.
            first: number of the first sample.
            arrays: [N, *shape] for each field.
        """
        with h5py.File(path) as file:
            places = {
                (field, i): self.offset(file, field, first + i)
                for field, array in arrays.items()
                for i in range(len(array))
            }
        with open(path, "r+b") as raw:
            for (field, i), place in places.items():
                raw.seek(place)
                raw.write(arrays[field][i].astype(FLOAT).tobytes())


class Stacked(Layout):
    """One array for each field, [N, *shape]; coordinates in `x-coordinate`, `t-coordinate`."""

    def fill_in(self, file: h5py.File, samples: int, shapes: Shapes, axes: Mapping[str, np.ndarray]) -> None:
        for field, shape in shapes.items():
            _allocate(file, field, (samples, *shape))
        for axis, values in axes.items():
            file.create_dataset(f"{axis}-coordinate", data=values.astype(FLOAT))

    def offset(self, file: h5py.File, field: str, index: int) -> int:
        stack = file[field]
        return int(stack.id.get_offset()) + index * math.prod(stack.shape[1:]) * FLOAT.itemsize


class Grouped(Layout):
    """A group for each sample, "0000" and so on, with its fields and `grid/x`, `grid/t`."""

    def fill_in(self, file: h5py.File, samples: int, shapes: Shapes, axes: Mapping[str, np.ndarray]) -> None:
        for index in range(samples):
            group = file.create_group(_group(index))
            for field, shape in shapes.items():
                _allocate(group, field, shape)
            for axis, values in axes.items():
                group.create_dataset(f"grid/{axis}", data=values.astype(FLOAT))

    def offset(self, file: h5py.File, field: str, index: int) -> int:
        return int(file[_group(index)][field].id.get_offset())


def _group(index: int) -> str:
    return f"{index:04d}"


def _allocate(group: h5py.Group, name: str, shape: tuple[int, ...]) -> None:
    """An array that has its place in the file from the start, and no contents yet."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.CONTIGUOUS)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    group.create_dataset(name, shape, dtype=FLOAT, dcpl=creation, fill_time="never")
