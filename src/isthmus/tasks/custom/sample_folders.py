"""Folders with a file for each sample: which files there are, and how they become an array or a list."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from isthmus.errors import InputError
from isthmus.files import check_path
from isthmus.registry import Registry
from isthmus.tasks.custom.contents import Arrays, Contents, formats, suffix_of
from isthmus.tasks.custom.limits import check_fits
from isthmus.tasks.custom.roles import PARTS

FILE = "file"
"""Name of the array that holds the path of each sample's file"""
NO_CLASSES = frozenset(
    {*PARTS, "fold", "part", "batch", "split", "images", "image", "imgs", "img", "masks", "mask", "labels"}
    | {"annotations", "segmentations", "groundtruth", "gt"}
)
"""Names of folders, without numbers at their ends, that say which part or kind of file is in them"""
MEMORY_BYTES = 4
"""Bytes of memory that a byte of a file may take once it is read"""


class SampleReader(ABC):
    """Reader of files that hold a single sample each."""

    what: str

    @abstractmethod
    def read(self, path: Path) -> np.ndarray:
        """Read a sample [L], [C, L] or [C, H, W]."""

    def collect(self, files: Sequence[Path], shape: tuple[int, ...] | None) -> Any:
        """Read the samples of files: an array [N, ...] that may be lazy, or a list.

        Args:
            files: Paths of the files.
            shape: Shape [C, ...] that samples should have where the reader can change it; None for their own.
        """
        sizes = sum(file.stat().st_size for file in files)
        check_fits(files[0].parent, "samples", [sizes], MEMORY_BYTES)
        return [self.read(file) for file in files]

    def notes(self, files: Sequence[Path]) -> tuple[str, ...]:
        """Return what is assumed of the files."""
        return ()

    def spectrograms(self, bands: int) -> "SampleReader | None":
        """Return a reader of the same files as log-mel spectrograms; None where they hold no sound."""
        return None


sample_formats: Registry[SampleReader] = Registry("format of samples", "isthmus.tasks.custom.readers")
folder_formats: Registry[Callable[[Path], Contents | None]] = Registry(
    "layout of a folder", "isthmus.tasks.custom.readers"
)
"""Functions that read a folder, or return None where it has another layout"""


@dataclass(frozen=True)
class FileSamples(Arrays):
    """Samples that are files: `x` of one part, or of `train` and `test`, and arrays beside them.

    Attributes:
        reader: Reader of the files.
        files: Files of the samples of each part; of no part, under "".
        labels: Arrays beside the samples, by name: `y`, `y_train`.
        shape: Shape that samples should have; None for their own.
        layout_notes: What was assumed of the folder, beside what the reader assumes of its files.
        target: Name of the label that is y by default; empty for one that is called so.
    """

    reader: SampleReader | None = field(default=None, repr=False)
    files: dict[str, list[Path]] = field(default_factory=dict, repr=False)
    labels: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    shape: tuple[int, ...] | None = None
    layout_notes: tuple[str, ...] = ()
    target: str = ""

    def default_y(self) -> str:
        """Return the default name of y."""
        return self.target or super().default_y()

    def read_by(self, reader: SampleReader) -> Self:
        """Return the contents with a reader of the samples, and what that one assumes of them."""
        every = [file for files in self.files.values() for file in files]
        made = replace(self, reader=reader, notes=(*self.layout_notes, *reader.notes(every)))
        return replace(made, read=made.read_array)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        """Return the contents with samples of a shape [C, ...], where the format can give them so."""
        fitted = replace(self, shape=shape)
        return replace(fitted, read=fitted.read_array)

    def read_array(self, name: str) -> Any:
        """Read the samples of a part, or what stands beside them."""
        if name in self.labels:
            return self.labels[name]
        assert self.reader is not None
        every = [file for files in self.files.values() for file in files]
        shape = self.shape or common_shape(self.reader, every)
        return self.reader.collect(self.files[name.partition("_")[2]], shape)

    def spectrograms(self, bands: int) -> Contents:
        """Return the contents with recordings of sound as log-mel spectrograms."""
        reader = self.reader and self.reader.spectrograms(bands)
        return super().spectrograms(bands) if reader is None else self.read_by(reader)

    def default_id(self) -> str:
        """Return the name of the paths of the files."""
        return FILE

    def place(self, name: str, index: list[int]) -> str:
        """Return where a value is: in which file."""
        if name in self.labels:
            return super().place(name, index)
        return f"'{self.files[name.partition('_')[2]][index[0]]}' at {index[1:]}"


def common_shape(reader: SampleReader, files: Sequence[Path]) -> tuple[int, ...] | None:
    """Return the shape that the samples of all parts get, where the reader changes shapes."""
    shape: Callable[[Sequence[Path]], tuple[int, ...]] | None = getattr(reader, "shape_for", None)
    return None if shape is None else shape(files)


def file_samples(
    path: Path, files: dict[str, list[Path]], labels: dict[str, np.ndarray], *notes: str, target: str = ""
) -> FileSamples:
    """Return the contents of a folder whose samples are files of one kind.

    Args:
        path: Path of the folder.
        files: Files of each part; of no part, under "".
        labels: Arrays beside the samples, by name.
        notes: What was assumed so far.
        target: Name of the label that is y by default; empty for one that is called so.
    """
    first = next(iter(files.values()))  # of the training data, where there are parts
    labels = {FILE: np.array([file.relative_to(path).as_posix() for file in first]), **labels}
    names = (*(f"x_{part}".rstrip("_") for part in files), *labels)
    contents = FileSamples(
        path, names, lambda name: None, files=files, labels=labels, layout_notes=notes, target=target
    )
    return contents.read_by(sample_formats[suffix_of(first[0])])


def class_folders(path: Path) -> FileSamples:
    """Read a folder with a subfolder for each class, or with such folders named `train` and `test`.

    Args:
        path: Path of the folder.

    Raises:
        InputError: If a class has no samples, or none in a format that is known.
    """
    parts, notes = _parts(path)
    for folder in parts.values():
        _refuse_no_classes(folder)
    listed = {part: _files(folder) for part, folder in parts.items()}
    kind = _kind(path, [file for part in listed.values() for file in part])
    kept = {part: [file for file in files if _reader(file) is kind] for part, files in listed.items()}
    left = Counter(
        f.suffix or f.name for part, files in listed.items() for f in files if _reader(f) is not kind
    )
    if left:
        ends = ", ".join(f"{number} of {suffix}" for suffix, number in left.most_common())
        notes.append(f"files of other kinds are left out: {ends}")
    for part, folder in parts.items():
        for one in folders_of(folder):
            if not any(file.parent == one for file in kept[part]):
                raise _without_samples(one)
    labels = {
        f"y_{part}".rstrip("_"): np.array([file.parent.name for file in files])
        for part, files in kept.items()
    }
    return file_samples(path, kept, labels, *notes)


def folders_of(path: Path) -> list[Path]:
    """List the subfolders that are not hidden, sorted by name; none if there is no such folder."""
    if not path.is_dir():
        return []
    return sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))


def sample_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files that are not hidden, sorted by name; each is checked to be a regular file.

    Raises:
        InputError: If one is not.
    """
    files = sorted(file for file in paths if not file.name.startswith(".") and not file.is_dir())
    for file in files:
        check_path(file)
    return files


def _parts(path: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the folders of training and test data by part, or the folder itself under ""."""
    found = {PARTS[item.name.lower()]: item for item in folders_of(path) if item.name.lower() in PARTS}
    notes: list[str] = []
    if "train" not in found or not folders_of(found["train"]):
        return {"": path}, notes
    if "val" in found:
        notes.append(
            f"'{found.pop('val').name}' is not used: validation data is cut from the training data; give it "
            "as test data to measure on it"
        )
    return {
        part: found[part] for part in ("train", "test") if part in found and folders_of(found[part])
    }, notes


def _files(path: Path) -> list[Path]:
    """List the files of all classes, sorted by class and name."""
    folders = folders_of(path)
    if not folders:
        raise InputError(
            f"'{path}' holds no folders; give each class a folder with its samples, or put a table beside "
            "them with a column of their names and one of labels, or give one of its files",
            kind="file",
            key=path,
        )
    return [file for folder in folders for file in sample_files(folder.iterdir())]


def _reader(file: Path) -> SampleReader | None:
    """Return the reader of a file, or None if there is none for its suffix."""
    suffix = suffix_of(file)
    return sample_formats[suffix] if suffix in sample_formats else None  # noqa: SIM401 - a registry raises


def _kind(path: Path, files: list[Path]) -> SampleReader:
    """Return the reader of most files.

    Raises:
        InputError: If none can be read; says what could be.
    """
    counts = Counter(reader for reader in map(_reader, files) if reader is not None)
    if counts:
        return counts.most_common(1)[0][0]
    if not files:
        raise _without_samples(folders_of(path)[0])
    if suffix_of(files[0]) in formats:
        raise InputError(
            f"'{files[0]}' holds many samples, and a file in the folder of a class one; put all into "
            "one file, with their classes",
            key=files[0],
        )
    known = ", ".join(name for name in sample_formats if not name.endswith(".gz"))
    raise InputError(f"'{files[0]}' ends in '{files[0].suffix}'; a sample is one of {known}", key=files[0])


def _refuse_no_classes(path: Path) -> None:
    """Refuse folders whose names are those of parts, folds or kinds of files rather than of classes.

    Raises:
        InputError: If all of them are.
    """
    names = [folder.name for folder in folders_of(path)]
    if len(names) > 1 and all(re.sub(r"[ _-]?\d*$", "", name.lower()) in NO_CLASSES for name in names):
        raise InputError(
            f"'{names[0]}' and '{names[1]}' in '{path}' name no classes; give each class a folder with its "
            "samples, or put a table beside them with a column of the files' names and one of labels",
            kind="file",
            key=path,
        )


def _without_samples(folder: Path) -> InputError:
    """Return the error for a folder that should be of a class."""
    advice = "give each class some, or remove it"
    if folders_of(folder):
        advice = f"if its folders are the classes, give '{folder}'"
    return InputError(f"'{folder}' holds no samples; {advice}", kind="file", key=folder)
