"""Inputs and targets in a published file, and which samples are in which part."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.pdebench.hdf5 import Grouped, Layout, Stacked, State

PARTS = ("train", "validation", "test")
HELD_OUT = 0.1
AT_A_TIME = 64
"""samples that are read"""


@dataclass(frozen=True)
class Pairs:
    """Inputs and targets in a file.

    Attributes:
        layout: of the file.
        inputs, targets: variables; several are laid end to end.
        every: of how many points along an axis one is taken.
    """

    layout: type[Layout]
    inputs: tuple[State, ...]
    targets: tuple[State, ...]
    every: int = 1

    def read(self, path: Path) -> Iterator[tuple[str, range, np.ndarray, np.ndarray]]:
        """Part, numbers of some of its samples, their inputs and targets, both [n, 1, *size].

        Raises:
            InputError: if the file is cut off, of another format or layout, or holds too few samples.
        """
        with reading(path, "HDF5"), h5py.File(path) as file:
            samples = self.layout(file, path, self.inputs + self.targets)
            if len(samples) < len(PARTS):
                raise InputError(f"'{path}' holds {len(samples)} samples; {len(PARTS)} or more are right")
            for part, numbers in split(len(samples), self.layout.test_first).items():
                for first in numbers[::AT_A_TIME]:
                    some = range(first, min(first + AT_A_TIME, numbers.stop))
                    x, y = self._fields(samples, self.inputs, some), self._fields(samples, self.targets, some)
                    if x.shape != y.shape:
                        shapes = f"{list(x.shape[2:])} and {list(y.shape[2:])}"
                        raise InputError(f"'{path}' has fields of shapes {shapes}; one shape is right")
                    yield part, some, x, y

    def _fields(self, samples: Layout, states: tuple[State, ...], numbers: range) -> np.ndarray:
        """[n, 1, *size]"""
        fields = np.concatenate([self._thinned(samples.read(state, numbers)) for state in states], axis=-1)
        return fields[:, None]

    def _thinned(self, fields: np.ndarray) -> np.ndarray:
        """[n, *size] -> [n, *size / every]"""
        points = (slice(None, None, self.every),) * (fields.ndim - 1)
        return fields[(slice(None), *points)]


def stacked_pairs(times: int, target: int, variables: tuple[str, ...] = ("tensor",), every: int = 1) -> Pairs:
    """Fields on a line: arrays [N, t, x], from the first time to that of index `target`."""
    axes = {"t": times, "x": None}
    starts, ends = (tuple(State(name, axes, (at,)) for name in variables) for at in (0, target))
    return Pairs(Stacked, starts, ends, every)


def grouped_pairs(space: tuple[str, ...], variables: int = 1) -> Pairs:
    """Groups with `data` [101, *space, variables]: first variable at the first time to last at the last."""
    axes = {"t": 101, **dict.fromkeys(space), "variable": variables}
    return Pairs(
        Grouped, (State("data", axes, (0, ..., 0)),), (State("data", axes, (100, ..., variables - 1)),)
    )


def split(samples: int, test_first: bool) -> dict[str, range]:
    """The numbers of the samples in each part.

    A tenth is for test, a tenth of the rest, the one beside it, for validation.
    """
    test = max(1, samples // 10)
    held_out = max(1, round(HELD_OUT * (samples - test)))
    lengths = {"train": samples - test - held_out, "validation": held_out, "test": test}
    parts, start = {}, 0
    for part in reversed(PARTS) if test_first else PARTS:
        parts[part] = range(start, start + lengths[part])
        start += lengths[part]
    return parts
