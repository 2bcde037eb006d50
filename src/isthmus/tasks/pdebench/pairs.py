"""Inputs and targets in a published file, and the split of its samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.pde.hdf5_layouts import Grouped, Layout, SampleReader, Stacked, State
from isthmus.store.reading import reading

PARTS = ("train", "validation", "test")
VALIDATION_FRACTION = 0.1
READ_SAMPLES = 64
"""Number of samples that are read at a time"""


@dataclass(frozen=True)
class Pairs:
    """Inputs and targets in a file.

    Attributes:
        layout: Layout of the file.
        inputs, targets: States of a sample; several are concatenated along their last axis.
        test_first: Whether the test data are the first samples of the file, or the last.
        stride: Distance of the points that are used along each axis.
    """

    layout: Layout
    inputs: tuple[State, ...]
    targets: tuple[State, ...]
    test_first: bool
    stride: int = 1

    def read(self, path: Path) -> Iterator[tuple[str, range, np.ndarray, np.ndarray]]:
        """Read a file, a few samples at a time.

        Yields:
            Part, numbers of some of its samples, their inputs and their targets, both [n, 1, *size].

        Raises:
            InputError: If the file is truncated, of another format or layout, or holds too few samples.
        """
        import h5py

        with reading(path, "HDF5"), h5py.File(path) as file:
            samples = self.layout.open_samples(file, path, self.inputs + self.targets)
            if len(samples) < len(PARTS):
                raise InputError(
                    f"'{path}' holds {len(samples)} samples; {len(PARTS)} or more are right",
                    kind="file",
                    key=path,
                )
            for part, numbers in split(len(samples), self.test_first).items():
                for first in numbers[::READ_SAMPLES]:
                    batch = range(first, min(first + READ_SAMPLES, numbers.stop))
                    x = self._read_states(samples, self.inputs, batch)
                    y = self._read_states(samples, self.targets, batch)
                    if x.shape != y.shape:
                        shapes = f"{list(x.shape[2:])} and {list(y.shape[2:])}"
                        raise InputError(
                            f"'{path}' has fields of shapes {shapes}; one shape is right",
                            kind="file",
                            key=path,
                        )
                    yield part, batch, x, y

    def _read_states(self, samples: SampleReader, states: tuple[State, ...], numbers: range) -> np.ndarray:
        """Return the states of some samples, concatenated along their last axis: [n, 1, *size]."""
        values = [self._subsample(samples.read(state, numbers)) for state in states]
        joined: np.ndarray = np.concatenate(values, axis=-1)
        return np.expand_dims(joined, 1)

    def _subsample(self, values: np.ndarray) -> np.ndarray:
        """Return every stride-th point along each axis: [n, *size] -> [n, *size / stride]."""
        points = (slice(None, None, self.stride),) * (values.ndim - 1)
        subsampled: np.ndarray = values[(slice(None), *points)]
        return subsampled


def stacked_pairs(times: int, target: int, fields: tuple[str, ...] = ("tensor",), stride: int = 1) -> Pairs:
    """Return pairs of one-dimensional fields [N, t, x], from the first time to that of index `target`.

    Args:
        times: Number of times in the file.
        target: Index of the target's time.
        fields: Names of the arrays.
        stride: Distance of the points that are used.
    """
    axes = {"t": times, "x": None}
    inputs, targets = (tuple(State(name, axes, (time,)) for name in fields) for time in (0, target))
    return Pairs(Stacked(), inputs, targets, test_first=True, stride=stride)


def grouped_pairs(space: tuple[str, ...], variables: int = 1) -> Pairs:
    """Return pairs from groups with an array `data` [101, *space, variables].

    The input is the first variable at the first time, the target the last variable at the last time.

    Args:
        space: Names of the axes of space.
        variables: Number of variables.
    """
    axes = {"t": 101, **dict.fromkeys(space), "variable": variables}
    return Pairs(
        Grouped(),
        inputs=(State("data", axes, (0, ..., 0)),),
        targets=(State("data", axes, (100, ..., variables - 1)),),
        test_first=False,
    )


def split(samples: int, test_first: bool) -> dict[str, range]:
    """Return the numbers of the samples in each part.

    A tenth of the samples is for test; the adjacent tenth of the rest is for validation.

    Args:
        samples: Number of samples.
        test_first: Whether the test data are the first samples, or the last.
    """
    test = max(1, samples // 10)
    validation = max(1, round(VALIDATION_FRACTION * (samples - test)))
    lengths = {"train": samples - test - validation, "validation": validation, "test": test}
    parts, start = {}, 0
    for part in reversed(PARTS) if test_first else PARTS:
        parts[part] = range(start, start + lengths[part])
        start += lengths[part]
    return parts
