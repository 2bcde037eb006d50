"""What a data set is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isthmus.store.arrays import Array
from isthmus.store.mock import noise
from isthmus.store.writer import Writer

SYNTHETIC = "synthetic stand-in, not the published data"


@dataclass(frozen=True)
class File:
    """A published file.

    Attributes:
        name: as it lies in the data set's folder of published files.
        url: where it is from.
        size: roughly, in MB.
        needed: can the data not be prepared without it?
        asked_for: is it given only to those who ask for it, at `url`?
    """

    name: str
    url: str
    size: int
    needed: bool = True
    asked_for: bool = False


@dataclass(frozen=True)
class DataSet:
    """Data that lies on a disk.

    Attributes:
        modality: in a word or two.
        licence: of the data.
        citation: of the data, and of the benchmark where it is not the same.
        files: as they are published.
        arrays: that they become, by name.
        prepare: reads the files in a folder, and writes the arrays.
        mock: writes a few samples of noise.
        notes: what else there is to know, a line each.
    """

    modality: str
    licence: str
    citation: tuple[str, ...]
    files: tuple[File, ...]
    arrays: Mapping[str, Array]
    prepare: Callable[[Path, Writer], None]
    mock: Callable[[Mapping[str, Array], Writer, np.random.Generator, int], None] = noise
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Of all files that are needed, in MB."""
        return sum(file.size for file in self.files if file.needed)
