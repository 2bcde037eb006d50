"""A folder of the user's own as a source: pictures or text files by class.

Each subfolder is a class, with all files in it and below. A folder with a subfolder `train` that has
subfolders itself, such as ImageNet's, is read from there. Of text without subfolders, each file is a class.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.sources.images import SUFFIXES, crop_and_resize, open_image
from isthmus.sources.passages import MAX_PASSAGES, cut_passages, evenly_spaced, paragraphs_of_prose
from isthmus.sources.source import Source
from isthmus.store.lazy_array import LazyArray
from isthmus.store.reading import reading

T = TypeVar("T")

TEXT_SUFFIXES = frozenset({".txt", ".md"})
SIZE = 224
MAX_SAMPLES = MAX_PASSAGES
"""Maximum number of samples of a class."""
MAX_CHARACTERS = 2**22
"""Number of characters of a text file that are read."""


def load_folder(path: Path, modality: str, seed: int) -> Source:
    """Make a source of the files in a folder, with at most 200 samples of each class.

    Args:
        path: Folder.
        modality: `image` or `text`; files of the other kind are skipped.
        seed: Seed of the draw from classes that have more samples.

    Raises:
        InputError: If it does not hold such samples in at least two classes.
    """
    read = _load_pictures if modality == "image" else _load_texts
    return read(path, seed)


def _load_pictures(path: Path, seed: int) -> Source:
    """Make a source of pictures, read on demand: the square in the middle, resized to 224 x 224."""
    train = path / "train"
    classes = _class_folders(train if any(_class_folders(train, SUFFIXES)) else path, SUFFIXES)
    chosen = {name: _shuffled(files, seed, name)[:MAX_SAMPLES] for name, files in classes}
    _check_classes(path, chosen, "pictures", "a folder")
    files, y = _flatten(chosen)

    def read(indices: np.ndarray) -> np.ndarray:
        return np.stack([crop_and_resize(open_image(files[i], files[i], SIZE), SIZE) for i in indices])

    return Source(
        str(path), "image", LazyArray((len(files), 3, SIZE, SIZE), np.uint8, read), y, tuple(chosen)
    )


def _load_texts(path: Path, seed: int) -> Source:
    """Make a source of passages of prose; files are read in a random order until a class has enough."""
    files = dict(_class_folders(path, TEXT_SUFFIXES)) or {
        file.name: [file] for file in _files(path.glob("*"), TEXT_SUFFIXES)
    }
    seen: set[str] = set()
    found = {name: _passages(_shuffled(paths, seed, name), seen) for name, paths in files.items()}
    classes = {name: passages for name, passages in found.items() if passages}
    _check_classes(path, classes, "passages of 64 words or more", "a folder or a file")
    x, y = _flatten(classes)
    return Source(str(path), "text", x, y, tuple(classes))


def _passages(files: Iterable[Path], seen: set[str]) -> list[str]:
    """Read passages from the files, in their order, until there are enough."""
    found: list[str] = []
    for file in files:
        with reading(file, "text"), open(file, encoding="utf-8", errors="replace") as stream:
            found += evenly_spaced(cut_passages(paragraphs_of_prose(stream.read(MAX_CHARACTERS), seen)))
        if len(found) >= MAX_SAMPLES:
            break
    return found[:MAX_SAMPLES]


def _class_folders(path: Path, suffixes: Collection[str]) -> Iterator[tuple[str, list[Path]]]:
    """Yield the name of each subfolder and the files in it and below, where there are any."""
    if not path.is_dir():
        return
    for folder in sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith(".")):
        files = _files(folder.rglob("*"), suffixes)
        if files:
            yield folder.name, files


def _files(paths: Iterable[Path], suffixes: Collection[str]) -> list[Path]:
    """Return the paths with one of the suffixes, sorted, without hidden ones."""
    return sorted(p for p in paths if p.suffix.lower() in suffixes and not p.name.startswith("."))


def _shuffled(files: list[Path], seed: int, name: str) -> list[Path]:
    """Return the files in a random order that depends on seed and class."""
    return [files[i] for i in numpy_generator(seed, "source folder", name).permutation(len(files))]


def _flatten(classes: dict[str, list[T]]) -> tuple[list[T], np.ndarray]:
    """Return all samples, and their class numbers [N]."""
    counts = [len(samples) for samples in classes.values()]
    return list(chain.from_iterable(classes.values())), np.repeat(np.arange(len(counts)), counts)


def _check_classes(path: Path, classes: Collection[str], samples: str, each: str) -> None:
    """Check that there are at least two classes."""
    if len(classes) < 2:
        raise InputError(
            f"'{path}' holds {samples} in {'one class' if classes else 'no classes'}; a source needs two or "
            f"more: give each class {each} of its own",
            kind="file",
            key=path,
        )
