"""The contents of a file by name, and which of them are x and y by default."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from isthmus.config.description import Names
from isthmus.errors import InputError
from isthmus.files import check_path
from isthmus.registry import Registry
from isthmus.store.arrays import first_index
from isthmus.store.lazy_array import LazyArray
from isthmus.tasks.arrays import to_array
from isthmus.tasks.custom.column_facts import excerpt, first_words, is_text
from isthmus.tasks.custom.lazy import side_by_side
from isthmus.tasks.custom.letters import letters_of, one_hot
from isthmus.tasks.custom.roles import role, roles

FOLDER = "folder"
SHOWN = 12
"""Names shown in an error message, at most"""
TEST = "test/"
"""What the names of a table's test columns begin with"""


@dataclass(frozen=True)
class Contents(ABC):
    """The contents of a file. An array is read when it is taken, unless the format must be read whole.

    Attributes:
        path: Path of the file.
        names: Names of the arrays.
        read: Reader of one of `names`: numbers or text [N, ...], a `LazyArray` of numbers where they are
            many, or a list of N series. NaN stands for a missing number, "" for missing text.
        notes: What the reader assumed, each a sentence that says what changes it.
        item: Word for a named array in error messages.
    """

    path: Path
    names: tuple[str, ...]
    read: Callable[[str], Any] = field(repr=False)
    notes: tuple[str, ...] = ()
    item: ClassVar[str]

    @abstractmethod
    def default_y(self) -> str:
        """Return the default name of y."""

    @abstractmethod
    def default_x(self, y: Names) -> Names:
        """Return the default name or names of x, given those of y."""

    @abstractmethod
    def default_test(self) -> tuple[Names, str] | None:
        """Return the default names of x and y of the test data, if both are there."""

    def noting(self, *notes: str) -> Self:
        """Return the contents with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def fitted(self, shape: tuple[int, ...]) -> Self:
        """Return the contents with samples of a shape [C, ...], where the format can give them so.

        Pictures are resized and made gray or coloured, sequences of letters are cut or filled up. What is
        predicted later is read so. Other formats give what they hold.
        """
        return self

    def place(self, name: str, index: list[int]) -> str:
        """Return where a value is, for messages, in the file's own terms."""
        return f"{self.item} '{name}' at {index}"

    def take(self, names: Names) -> Any:
        """Read the array of a name, or the arrays of several names side by side: [N, K, ...].

        Columns of letters become one channel for each letter, [N, A, K].

        Args:
            names: A name, or several names of arrays of numbers of one shape [N, ...].

        Raises:
            InputError: If an array is missing (says which there are), has missing values, holds no numbers,
                or differs in shape.
        """
        return self._side_by_side(names, self._read)

    def take_with_gaps(self, names: Names) -> Any:
        """Read as `take` does, but leave missing values: NaN among numbers, "" among text."""
        return self._side_by_side(names, self._read_with_gaps)

    def _side_by_side(self, names: Names, read: Callable[[str], Any]) -> Any:
        """Read the array of a name, or put the arrays of several names side by side."""
        if isinstance(names, str):
            return read(names)
        arrays = [read(name) for name in names]
        lazy = all(isinstance(array, LazyArray) for array in arrays)
        if not lazy:
            arrays = [to_array(array, name) for name, array in zip(names, arrays, strict=True)]
            letters = letters_of(arrays)
            if letters is not None:
                return one_hot(letters)
        self._check_alike(names, arrays)
        return side_by_side(arrays) if lazy else np.stack(arrays, axis=1)

    def _check_alike(self, names: tuple[str, ...], arrays: list[Any]) -> None:
        """Check that arrays can be put side by side."""
        for name, array in zip(names, arrays, strict=True):
            if array.dtype.kind not in "biuf":
                held = f"text, as '{first_words(array)}'" if is_text(array) else "no numbers"
                raise InputError(
                    f"the {self.item} '{excerpt(name)}' of '{self.path}' holds {held}; leave it out, "
                    "or write one number in each cell, without a unit or a separator of thousands",
                    key=name,
                )
            if array.shape != arrays[0].shape:
                raise InputError(
                    f"'{self.path}' holds '{names[0]}' of shape {list(arrays[0].shape)} and '{name}' of "
                    f"shape {list(array.shape)}; what is put side by side has one shape",
                    kind="conflict",
                    key=name,
                )

    def _read(self, name: str) -> Any:
        """Read the array of a name and refuse missing values.

        A lazy array is looked at later, when it becomes the samples of a task.
        """
        values = self._read_with_gaps(name)
        self.check_missing(name, values)
        return values

    def _read_with_gaps(self, name: str) -> Any:
        """Read the array of a name, with whatever is missing in it."""
        if name not in self.names:
            raise self.unknown(name)
        with quiet():
            return self.read(name)

    def check_missing(self, name: str, values: Any) -> None:
        """Refuse missing values: NaN among numbers, "" among text.

        Raises:
            InputError: If one is missing; says how many, and where the first is in the file.
        """
        for number, part in enumerate(values) if isinstance(values, list) else ((None, values),):
            missing = missing_values(part)
            if missing is None or not missing.any():
                continue
            index = ([] if number is None else [number]) + first_index(missing)
            more = f" and in {missing.sum() - 1} more places" if missing.sum() > 1 else ""
            raise InputError(
                f"'{self.path}' has nothing in {self.place(name, index)}{more}; fill it in, or leave it out",
                kind="file",
                key=self.path,
            )

    def spectrograms(self, bands: int) -> "Contents":
        """Return the contents with recordings of sound as log-mel spectrograms.

        Raises:
            InputError: If there are no recordings.
        """
        raise InputError(
            f"'{self.path}' holds no recordings of sound; leave mel out", kind="conflict", key="mel"
        )

    def default_id(self) -> str | None:
        """Return the name of what names the samples; None where nothing does."""
        return None

    def unknown(self, name: str) -> InputError:
        """Make the error for a name that there is not; the message says which there are."""
        message = f"'{self.path}' holds no {self.item} '{name}'; it holds {self._held()}"
        return InputError(message, kind="unknown", key=name)

    def _held(self) -> str:
        """List the names, the first ones of many."""
        return (", ".join(self.names[:SHOWN]) or "none") + (", ..." if len(self.names) > SHOWN else "")


def missing_values(values: Any) -> np.ndarray | None:
    """Return where an array holds NaN, NaT or empty text, bool [N, ...]; None where it can hold none."""
    kind = values.dtype.kind if isinstance(values, np.ndarray) else ""
    if kind in "fcmM" and kind:
        return np.asarray(np.isnan(values)) if kind in "fc" else np.asarray(np.isnat(values))
    return np.asarray(values == "") if kind == "U" else None


class Arrays(Contents):
    """Named arrays: x_train, y_train and perhaps x_test, y_test; or x, y; in any usual spelling."""

    item = "array"

    def default_y(self) -> str:
        """Return the name of the training targets if it is there, else that of the targets."""
        found = roles(self.names)
        name = found.get("y_train") or found.get("y")
        if name is None:
            raise self._nameless("y", "targets", "label, target")
        return name

    def default_x(self, y: Names) -> str:
        """Return the name of the training samples if it is there, else that of the samples."""
        found = roles(self.names)
        name = found.get("x_train") or found.get("x")
        others = [other for other in self.names if other not in (y if isinstance(y, tuple) else (y,))]
        if name is None and len(others) != 1:
            raise self._nameless("x", "samples", "data, samples")
        return name or others[0]

    def default_test(self) -> tuple[str, str] | None:
        """Return the names of test samples and test targets if both are there."""
        found = roles(self.names)
        return (found["x_test"], found["y_test"]) if {"x_test", "y_test"} <= set(found) else None

    def _nameless(self, key: str, what: str, words: str) -> InputError:
        """Make the error for a file in which no name is that of the samples or of the targets."""
        held = self._held()
        if len(self.names) == 1:
            self._read_with_gaps(self.names[0])  # refuses what is no array
            message = f"'{self.path}' holds '{held}' and nothing else, so the {what} are missing; put both "
            return InputError(f"{message}into one file, as x and y", kind="missing", key=key)
        message = (
            f"no {self.item} of '{self.path}' is called {key} or {words}; give --{key} with the name of "
        )
        return InputError(f"{message}the {what}: it holds {held}", kind="missing", key=key)


def unused(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return notes about named arrays that look like a part of the data and are not used by default."""
    found, notes = roles(names), []
    for part in ("val", "test"):
        pair = [key for key in (f"x_{part}", f"y_{part}") if key in found]
        if len(pair) == 1:
            other = f"{'y' if pair[0][0] == 'x' else 'x'}_{part}"
            notes.append(f"{found[pair[0]]} is not used, for there is no {other} beside it")
    taken = set(found.values())
    if doubled := [
        name for name in names if name not in taken and role(name) in [("", key) for key in found]
    ]:
        notes.append(f"{', '.join(doubled)} is not used, for {', '.join(found.values())} are; name x and y")
    return tuple(notes)


@dataclass(frozen=True)
class Table(Contents):
    """Columns: the last one is y, the others are the points of a series.

    The columns of test data that a file or folder holds beside them are named `test/NAME`.

    Attributes:
        rows: Number of each row of data in the file, for messages; () for 1, 2, ...

    Raises:
        InputError: If two columns have one name.
    """

    rows: tuple[int, ...] = field(default=(), repr=False)
    item = "column"

    def __post_init__(self) -> None:
        """Check that each column has a name of its own."""
        seen: set[str] = set()
        for name in self.names:
            if name in seen:
                raise InputError(
                    f"'{self.path}' has two columns named '{name}'; give each a name of its own, or "
                    "transpose the table if its columns are samples",
                    kind="file",
                    key=self.path,
                )
            seen.add(name)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are not of test data."""
        return tuple(name for name in self.names if not name.startswith(TEST)) or self.names

    def default_y(self) -> str:
        """Return the last column."""
        return self.columns[-1]

    def default_x(self, y: Names) -> tuple[str, ...]:
        """Return all columns that are not y.

        Raises:
            InputError: If there are none.
        """
        others = tuple(name for name in self.columns if name not in (y if isinstance(y, tuple) else (y,)))
        if not others:
            raise InputError(
                f"'{self.path}' has no columns for x beside '{excerpt(self.columns[-1])}'; it takes two, and "
                "commas, semicolons, tabs or spaces between the cells of text",
                kind="missing",
                key="x",
            )
        return others

    def default_test(self) -> tuple[Names, str] | None:
        """Return the default names among the columns of test data, if there are any."""
        y = self.default_y()
        names = tuple(TEST + name for name in (*self.default_x(y), y))
        return (names[:-1], names[-1]) if set(names) <= set(self.names) else None

    def place(self, name: str, index: list[int]) -> str:
        """Return where a value is: its row in the file, counted from 1, and its column."""
        row = self.rows[index[0]] if self.rows and not name.startswith(TEST) else index[0] + 1
        return f"row {row}, column '{name}'"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings of parsers from the terminal: what matters is said by notes and errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


formats: Registry[Callable[[Path], Contents]] = Registry("format of data", "isthmus.tasks.custom.readers")
STORES = (".zarr",)
"""Suffixes of folders that are files to their users"""
HINTS = {
    ".zip": "unpack it, and give a folder or a file of it",
    ".tar": "unpack it, and give a folder or a file of it",
    ".7z": "unpack it, and give a folder or a file of it",
    ".rar": "unpack it, and give a folder or a file of it",
    ".gz": "unpack it; .csv, .tsv, .txt, .dat, .ts, .arff and FASTA are read as .gz too",
    ".pkl": "a pickle can run code and is never loaded: save .npz, .parquet or .csv",
    ".pickle": "a pickle can run code and is never loaded: save .npz, .parquet or .csv",
    ".joblib": "a pickle can run code and is never loaded: save .npz, .parquet or .csv",
    ".xls": "save it as .xlsx or .csv",
    ".ods": "save it as .xlsx or .csv",
    ".json": "save the samples as .npz, .parquet or .csv",
    **dict.fromkeys(
        (".spc", ".jdx", ".dx", ".spa", ".wdf", ".0"), "export it as .csv, with a sample in each row"
    ),
    **dict.fromkeys((".libsvm", ".svm"), "save .npz of what sklearn.datasets.load_svmlight_file reads"),
    ".rds": "save it as .csv or .parquet",
    ".rdata": "save it as .csv or .parquet",
    ".sav": "save it as .csv",
    ".dta": "save it as .csv",
}
"""What to do with files that are not read"""


def suffix_of(path: Path) -> str:
    """Return the lower-case suffix of a path, with what stands before `.gz`: `.csv.gz`."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return "".join(suffixes) if suffixes[1:] == [".gz"] else (suffixes or [""])[-1]


def open_contents(path: Path) -> Contents:
    """Open a file or folder with the reader of its format.

    Args:
        path: Path of the file or folder.

    Raises:
        InputError: If it does not exist, is no regular file, has an unknown suffix or is damaged.
    """
    check_path(path)
    suffix = suffix_of(path)
    if path.is_dir() and suffix not in STORES:
        suffix = FOLDER
    if suffix not in formats:
        hint = HINTS.get(suffix) or HINTS.get(path.suffix.lower())
        known = ", ".join(name for name in formats if name != FOLDER and not name.endswith(".gz"))
        said = hint or f"give a {FOLDER} or one of {known}"
        raise InputError(f"'{path}' ends in '{path.suffix}'; {said}", key=path)
    with quiet():
        return formats[suffix](path)
