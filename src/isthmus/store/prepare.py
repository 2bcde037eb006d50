"""From published files to arrays; or noise in their place."""

from collections.abc import Callable
from pathlib import Path

from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.store.dataset import DataSet
from isthmus.store.download import hash_file, recorded
from isthmus.store.manifest import CARD, FileManifest, Manifest
from isthmus.store.paths import prepared, published
from isthmus.store.store import Store
from isthmus.store.writer import Progress, Writer, atomic_folder


def prepare(
    name: str, data: DataSet, root: Path | str | None = None, progress: Progress | None = None
) -> Store:
    """Read the published files once, and write the arrays; replaces what was there.

    Args:
        name, data: of the data set.
        root: folder of all data.
        progress: is told an array's name and its rows so far.

    Raises:
        InputError: if a file is missing, damaged, another than was downloaded, or not of this data set.
    """
    folder = published(name, root)
    files = _files(name, data, folder)
    return _write(name, data, root, files, progress, lambda writer: data.prepare(folder, writer))


def mock(
    name: str, data: DataSet, root: Path | str | None = None, *, samples: int = 32, seed: int = 0
) -> Store:
    """Write a small synthetic stand-in of the data, and say that it is one on its card.

    Args:
        name, data: of the data set.
        root: folder of all data.
        samples: of each split.
        seed: of all draws.

    Raises:
        InputError: if the published data is there, or fewer than two samples are asked for.
    """
    folder = prepared(name, root)
    if samples < 2:
        raise InputError(f"{samples} samples are too few; give 2 or more")
    if (folder / CARD).exists() and not Store(folder).synthetic:
        raise InputError(f"'{folder}' holds the published data; give another --root")
    rng = numpy_generator(seed, "synthetic", name)
    return _write(name, data, root, None, None, lambda writer: data.mock(data.arrays, writer, rng, samples))


def _files(name: str, data: DataSet, folder: Path) -> dict[str, FileManifest]:
    """The published files that are there: all that are needed, as they were downloaded."""
    missing = [file for file in data.files if file.needed and not (folder / file.name).is_file()]
    if missing:
        raise InputError(
            f"'{folder / missing[0].name}' is missing: get {missing[0].url} and put it there"
            + ("" if missing[0].asked_for else f", or give `isthmus data download {name}`")
        )
    downloads, cards = recorded(folder), {}
    for file in data.files:
        path = folder / file.name
        if not path.is_file():
            continue
        cards[file.name] = FileManifest(bytes=path.stat().st_size, sha256=hash_file(path))
        if downloads.get(file.name, cards[file.name].sha256) != cards[file.name].sha256:
            raise InputError(
                f"'{path}' is not what was downloaded: its hash has changed; remove it and download it again"
            )
    return cards


def _write(
    name: str,
    data: DataSet,
    root: Path | str | None,
    files: dict[str, FileManifest] | None,
    progress: Progress | None,
    fill: Callable[[Writer], None],
) -> Store:
    """Arrays and card, whole or not at all; a synthetic stand-in was made from no files."""
    folder = prepared(name, root)
    with atomic_folder(folder) as beside:
        writer = Writer(beside, data.arrays, progress)
        try:
            fill(writer)
            arrays = writer.finish()
        finally:
            writer.close()
        Manifest(name=name, synthetic=files is None, files=files or {}, arrays=arrays).write(beside)
    return Store(folder)
