"""Samples of class folders in files of numbers: `.npy`, `.npz`, `.mat`, `.pt`, `.csv` and other text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.lazy_array import LazyArray
from isthmus.tasks.arrays import to_numbers
from isthmus.tasks.custom.column_facts import FEWEST_ROWS, POSITIONS, TIMES, is_monotonic, plain
from isthmus.tasks.custom.contents import Table, open_contents, quiet
from isthmus.tasks.custom.readers.csv import read_table
from isthmus.tasks.custom.readers.npy import read_array
from isthmus.tasks.custom.sample_folders import SampleReader, sample_formats

TEXT = (".csv", ".tsv", ".txt", ".dat")


class ArraySamples(SampleReader):
    """Reader of a sample from a file of numbers."""

    what = "array"

    def read(self, path: Path) -> np.ndarray:
        """Read [L], [C, L] or [C, H, W].

        In text without a header each row is a channel, and a single column is a series; with a header each
        column is a channel.

        Raises:
            InputError: If it holds no numbers, or several arrays.
        """
        if path.suffix.lower() == ".npy":
            return np.asarray(read_array(path))
        if path.suffix.lower() in TEXT:
            return self._from_table(read_table(path))
        with quiet():
            contents = open_contents(path)
        if len(contents.names) != 1 and "x" not in contents.names:
            raise InputError(
                f"'{path}' holds {', '.join(contents.names[:8]) or 'nothing'}; a sample is one array, or x",
                kind="file",
                key=path,
            )
        values = contents.take(contents.names[0] if len(contents.names) == 1 else "x")
        return np.asarray(values) if isinstance(values, LazyArray) else to_numbers(values, str(path), None)

    def notes(self, files: Sequence[Path]) -> tuple[str, ...]:
        """Tell of columns that are left out."""
        if files[0].suffix.lower() not in TEXT:
            return ()
        times = _times(read_table(files[0]))
        told = "of each file holds times or positions and is left out"
        return (f"column '{times[0]}' {told}",) if times else ()

    @staticmethod
    def _from_table(table: Table) -> np.ndarray:
        """Return the rows or, under a header, the columns as channels."""
        times = _times(table)
        sample: np.ndarray = table.take(tuple(name for name in table.names if name not in times))
        return sample.T if _is_headed(table) or sample.shape[1] == 1 else sample


def _times(table: Table) -> list[str]:
    """Return the columns of a table that hold the times of its rows, or positions on an axis."""
    found = [
        name for name in table.names if plain(name) in TIMES | POSITIONS and is_monotonic(table.read(name))
    ]
    if not _is_headed(table) and len(table.names) == 2 and _is_even(table.read("0")):
        found = ["0"]
    return found if len(found) < len(table.names) else []


def _is_headed(table: Table) -> bool:
    """Return whether the columns of a table have names."""
    return table.names != tuple(map(str, range(len(table.names))))


def _is_even(values: np.ndarray) -> bool:
    """Return whether numbers follow one another at one distance, as times and positions do."""
    steps = np.diff(values) if len(values) >= FEWEST_ROWS and is_monotonic(values) else np.zeros(0)
    return bool(len(steps) and np.allclose(steps, steps.mean(), rtol=0.01))


ARRAYS = ArraySamples()
for suffix in (".npy", ".npz", ".mat", ".pt", *TEXT):
    sample_formats.register(suffix)(ARRAYS)
