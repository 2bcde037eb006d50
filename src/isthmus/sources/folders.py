"""A folder of the user's own as a source: pictures or text files by class.

A class is a sub-folder, with all files in it and below. A folder that holds `train` with sub-folders, as
ImageNet's, is read from there. Text without sub-folders has a class a file.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.sources.images import SUFFIXES, open_image, squared
from isthmus.sources.passages import MOST, cut, prose, spread
from isthmus.sources.source import Source
from isthmus.store.lazy_array import LazyArray
from isthmus.store.reading import reading

T = TypeVar("T")

TEXTS = frozenset({".txt", ".md"})
SIZE = 224
READ = 2**22
"""characters of a text file that are read"""


def load_folder(path: Path, modality: str, seed: int) -> Source:
    """A source of what a folder holds, at most 200 samples of each class.

    Args:
        path: of the folder.
        modality: `image` or `text`: files of the other kind are passed over.
        seed: of the draw where a class has more.

    Raises:
        InputError: if it holds no such samples in two classes or more.
    """
    read = _pictures if modality == "image" else _texts
    return read(path, seed)


def _pictures(path: Path, seed: int) -> Source:
    """Pictures, which are read when they are asked for: the square in the middle, resized to 224 x 224."""
    train = path / "train"
    classes = _by_folder(train if any(_by_folder(train, SUFFIXES)) else path, SUFFIXES)
    chosen = {name: _drawn(files, seed, name)[:MOST] for name, files in classes}
    _check(path, chosen, "pictures", "a folder")
    files, y = _flat(chosen)

    def read(indices: np.ndarray) -> np.ndarray:
        return np.stack([squared(open_image(files[i], files[i], SIZE), SIZE) for i in indices])

    return Source(
        str(path), "image", LazyArray((len(files), 3, SIZE, SIZE), np.uint8, read), y, tuple(chosen)
    )


def _texts(path: Path, seed: int) -> Source:
    """Passages of prose. Files are read in a drawn order until a class has enough."""
    files = dict(_by_folder(path, TEXTS)) or {file.name: [file] for file in _files(path.glob("*"), TEXTS)}
    seen: set[str] = set()
    found = {name: _passages(_drawn(of, seed, name), seen) for name, of in files.items()}
    classes = {name: passages for name, passages in found.items() if passages}
    _check(path, classes, "passages of 64 words or more", "a folder or a file")
    x, y = _flat(classes)
    return Source(str(path), "text", x, y, tuple(classes))


def _passages(files: Iterable[Path], seen: set[str]) -> list[str]:
    """Of the first of those files that have enough."""
    found: list[str] = []
    for file in files:
        with reading(file, "text"), open(file, encoding="utf-8", errors="replace") as stream:
            found += spread(cut(prose(stream.read(READ), seen)))
        if len(found) >= MOST:
            break
    return found[:MOST]


def _by_folder(path: Path, suffixes: Collection[str]) -> Iterator[tuple[str, list[Path]]]:
    """The name of each sub-folder and the files in it and below, where there are any."""
    if not path.is_dir():
        return
    for folder in sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith(".")):
        files = _files(folder.rglob("*"), suffixes)
        if files:
            yield folder.name, files


def _files(paths: Iterable[Path], suffixes: Collection[str]) -> list[Path]:
    """Those that are named as such files are, in order."""
    return sorted(p for p in paths if p.suffix.lower() in suffixes and not p.name.startswith("."))


def _drawn(files: list[Path], seed: int, name: str) -> list[Path]:
    """In an order of its own for each seed and class."""
    return [files[i] for i in numpy_generator(seed, "source folder", name).permutation(len(files))]


def _flat(classes: dict[str, list[T]]) -> tuple[list[T], np.ndarray]:
    """All samples, and their class numbers [N]."""
    counts = [len(samples) for samples in classes.values()]
    return list(chain.from_iterable(classes.values())), np.repeat(np.arange(len(counts)), counts)


def _check(path: Path, classes: Collection[str], samples: str, each: str) -> None:
    if len(classes) < 2:
        raise InputError(
            f"'{path}' holds {samples} in {'one class' if classes else 'no classes'}; a source needs two or "
            f"more: give each class {each} of its own"
        )
