"""From published files to arrays, or noise in their place."""

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.store.dataset import DataSet
from isthmus.store.download import hash_file, recorded
from isthmus.store.lock import data_lock
from isthmus.store.manifest import MANIFEST, FileManifest, Manifest
from isthmus.store.mock import ANY_LENGTH
from isthmus.store.paths import prepared, published
from isthmus.store.store import Store
from isthmus.store.writer import Progress, Writer, atomic_folder, leftovers

MOST_MOCK_BYTES = 2**33
GENERATED_RECORD = "generated-by-isthmus.json"
"""Record, beside published files, of the files that were generated in their place."""


def prepare(
    name: str, data: DataSet, root: Path | str | None = None, progress: Progress | None = None
) -> Store:
    """Read the published files once and write the arrays; replace arrays that are there already.

    Args:
        name: Name of the data set.
        data: Data set.
        root: Folder of all data.
        progress: Function that is called with an array's name and its number of rows so far.

    Raises:
        InputError: If a file is missing, damaged, not the one that was downloaded or published, or not of
            this data set.
    """
    folder = published(name, root)
    if not folder.exists():  # nothing is there to lock
        _check_presence(name, data, folder)
    with _exclusive(name, root):
        _check_presence(name, data, folder)
        files = _file_manifests(data, folder)
        return _write(name, data, root, files, progress, lambda writer: data.prepare(folder, writer))


def mock(
    name: str, data: DataSet, root: Path | str | None = None, *, samples: int = 32, seed: int = 0
) -> Store:
    """Write a small synthetic stand-in for the data, whose manifest says that it is one.

    Args:
        name: Name of the data set.
        data: Data set.
        root: Folder of all data.
        samples: Number of samples of each split.
        seed: Seed of all draws.

    Raises:
        InputError: If the published data is there, or fewer than two samples are asked for.
    """
    folder = prepared(name, root)
    if samples < 2:
        raise InputError(f"{samples} samples are too few; give 2 or more", key="samples")
    _check_samples(name, data, samples)
    with _exclusive(name, root):
        if (folder / MANIFEST).exists() and not Store(folder).synthetic:
            raise InputError(
                f"'{folder}' holds the published data; give another --root", kind="conflict", key=folder
            )
        rng = numpy_generator(seed, "synthetic", name)
        return _write(
            name, data, root, None, None, lambda writer: data.mock(data.arrays, writer, rng, samples)
        )


def _check_samples(name: str, data: DataSet, samples: int) -> None:
    """Raise InputError if a stand-in of so many samples is larger than `MOST_MOCK_BYTES`."""
    sizes = [
        np.dtype(array.dtype).itemsize * math.prod(n or ANY_LENGTH for n in array.shape)
        for array in data.arrays.values()
    ]
    most = MOST_MOCK_BYTES // sum(sizes)
    if samples > most:
        raise InputError(f"{samples} samples of '{name}' are too many; give at most {most}", key="samples")


@contextmanager
def _exclusive(name: str, root: Path | str | None) -> Iterator[None]:
    """Lock a data set, and remove the arrays that a killed process left half-written."""
    with data_lock(name, root) as locked:
        if locked:  # without a lock, another process may be writing them
            for folder in leftovers(prepared(name, root)):
                shutil.rmtree(folder, ignore_errors=True)
        yield


def _check_presence(name: str, data: DataSet, folder: Path) -> None:
    """Check that all needed files are there."""
    missing = [file for file in data.files if file.needed and not (folder / file.name).is_file()]
    if missing:
        raise InputError(
            f"'{folder / missing[0].name}' is missing: get {missing[0].url} and put it there"
            + ("" if missing[0].asked_for else f", or give `isthmus data download {name}`"),
            kind="file",
            key=folder / missing[0].name,
        )


def _file_manifests(data: DataSet, folder: Path) -> dict[str, FileManifest]:
    """Hash the published files that are there, and check them against the hashes that are known."""
    downloads, generated, manifests = recorded(folder), _generated(folder), {}
    for file in data.files:
        path = folder / file.name
        if not path.is_file():
            continue
        sha256 = hash_file(path)
        if downloads.get(file.name, sha256) != sha256:
            raise InputError(
                f"'{path}' is not what was downloaded: its hash has changed; remove it and download it again",
                kind="file",
                key=path,
            )
        if file.sha256 and file.name not in generated and sha256 != file.sha256.lower():
            raise InputError(
                f"'{path}' is not what is published: its SHA-256 is {sha256}, not {file.sha256}; "
                "remove it and download it again",
                kind="file",
                key=path,
            )
        manifests[file.name] = FileManifest(bytes=path.stat().st_size, sha256=sha256)
    return manifests


def _generated(folder: Path) -> set[str]:
    """Return the names of the files that were generated in the place of published ones."""
    path = folder / GENERATED_RECORD
    if not path.exists():
        return set()
    return set(read_json(path, dict[str, dict[str, Any]]))


def _write(
    name: str,
    data: DataSet,
    root: Path | str | None,
    files: dict[str, FileManifest] | None,
    progress: Progress | None,
    fill: Callable[[Writer], None],
) -> Store:
    """Write arrays and manifest, completely or not at all; `files` is None for a synthetic stand-in."""
    folder = prepared(name, root)
    with atomic_folder(folder) as temporary:
        writer = Writer(temporary, data.arrays, progress)
        try:
            fill(writer)
            arrays = writer.finish()
        finally:
            writer.close()
        Manifest(name=name, synthetic=files is None, files=files or {}, arrays=arrays).write(temporary)
    return Store(folder)
