"""What a data set is, and the entry by which tasks and sources are found, loaded and listed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import Array
from isthmus.store.mock import noise
from isthmus.store.writer import Writer

SYNTHETIC = "synthetic stand-in, not the published data"


@dataclass(frozen=True)
class File:
    """A published file.

    Attributes:
        name: File name in the data set's folder of published files.
        url: Address of its origin.
        size: Approximate size in MB.
        needed: Whether the data can only be prepared with this file.
        asked_for: Whether the origin gives the file only to those who ask for it, at `url`.
        sha256: SHA-256 that the origin states, in hexadecimal digits; empty if it states none.
    """

    name: str
    url: str
    size: int
    needed: bool = True
    asked_for: bool = False
    sha256: str = ""


@dataclass(frozen=True)
class DataSet:
    """Data that lies on a disk.

    Attributes:
        modality: Modality, in a word or two.
        licence: Licence of the data.
        citation: References of the data, and of the benchmark if that is another work.
        files: Published files.
        arrays: Arrays that the files become, by name.
        prepare: Function that reads the files in a folder and writes the arrays.
        mock: Function that writes a few samples of noise.
        notes: Anything else worth knowing, one line each.
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
        """Size of all needed files in MB."""
        return sum(file.size for file in self.files if file.needed)


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """A task or a source that can be loaded by its name.

    Attributes:
        name: Name in its registry, and of its folder of data.
        about: One line that says what the samples and their targets are.
        shape: Shape of a sample -> shape of its target, and the number of samples.
        reference: Reference of the data; empty where there is none.
        libraries: Packages that carry the data.
        load: Function that takes the folder of all data (None: the default one) and returns the task or
            source.
        data: Files, arrays, and how the one becomes the other; None if nothing lies on a disk.
        data_of: Name of the entry whose data it reads in another way; empty if it has its own.
    """

    name: str
    about: str
    shape: str = ""
    reference: str = ""
    libraries: tuple[str, ...] = ()
    load: Callable[[Path | None], object] = field(repr=False)
    data: DataSet | None = field(default=None, repr=False)
    data_of: str = ""

    @property
    def references(self) -> tuple[str, ...]:
        """Return the works to cite for the data."""
        return self.data.citation if self.data is not None else tuple(filter(None, [self.reference]))

    def require_data(self) -> DataSet:
        """Return the data set of the entry.

        Raises:
            InputError: If the entry has no data on a disk.
        """
        if self.data_of:
            raise InputError(f"'{self.name}' reads the data of '{self.data_of}'; give that", key=self.name)
        if self.data is None:
            raise InputError(
                f"the data of '{self.name}' comes inside a package or is drawn; there is nothing to do",
                key=self.name,
            )
        return self.data
