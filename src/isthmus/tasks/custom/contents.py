"""The contents of a file by name, and which of them are x and y by default."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from isthmus.config.description import Names
from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.tasks.arrays import to_array

FOLDER = "folder"
SHOWN = 12
"""Names shown in an error message, at most"""


@dataclass(frozen=True)
class Contents(ABC):
    """The contents of a file. An array is read when it is taken, unless the format must be read whole.

    Attributes:
        path: Path of the file.
        names: Names of the arrays.
        read: Reader of one of `names`: numbers or text [N, ...], or a list of N series.
        notes: What the reader found out about the file, in sentences.
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
    def default_test(self) -> tuple[str, str] | None:
        """Return the default names of x and y of the test data, if both are there."""

    def place(self, name: str, index: list[int]) -> str:
        """Return where a value is, for messages, in the file's own terms."""
        return f"{self.item} '{name}' at {index}"

    def take(self, names: Names) -> Any:
        """Read the array of a name, or the arrays of several names side by side: [N, K, ...].

        Args:
            names: A name, or several names of arrays of numbers of one shape [N, ...].

        Raises:
            InputError: If an array is missing (says which there are), holds no numbers, or differs in shape.
        """
        return self._side_by_side(names, self._read)

    def take_with_gaps(self, names: Names) -> Any:
        """Read as `take` does, but leave missing values: NaN among numbers, "" among text."""
        return self._side_by_side(names, self._read_with_gaps)

    def _side_by_side(self, names: Names, read: Callable[[str], Any]) -> Any:
        """Read the array of a name, or put the arrays of several names side by side."""
        if isinstance(names, str):
            return read(names)
        arrays = [to_array(read(name), name) for name in names]
        for name, array in zip(names, arrays, strict=True):
            if array.dtype.kind not in "biuf":
                raise InputError(
                    f"the {self.item} '{name}' of '{self.path}' holds no numbers; leave it out of what is "
                    "put side by side",
                    key=name,
                )
            if array.shape != arrays[0].shape:
                raise InputError(
                    f"'{self.path}' holds '{names[0]}' of shape {list(arrays[0].shape)} and '{name}' of "
                    f"shape {list(array.shape)}; what is put side by side has one shape",
                    kind="conflict",
                    key=name,
                )
        return np.stack(arrays, axis=1)

    def _read(self, name: str) -> Any:
        """Read the array of a name."""
        return self._read_with_gaps(name)

    def _read_with_gaps(self, name: str) -> Any:
        """Read the array of a name, with whatever is missing in it."""
        if name not in self.names:
            raise self.unknown(name)
        return self.read(name)

    def unknown(self, name: str) -> InputError:
        """Make the error for a name that there is not; the message says which there are."""
        known = ", ".join(self.names[:SHOWN]) + (", ..." if len(self.names) > SHOWN else "")
        message = f"'{self.path}' holds no {self.item} '{name}'; it holds {known or 'none'}"
        return InputError(message, kind="unknown", key=name)


class Arrays(Contents):
    """Named arrays: x_train, y_train and perhaps x_test, y_test; or x, y."""

    item = "array"

    def default_y(self) -> str:
        """Return `y_train` if it is there, else `y`."""
        return "y_train" if "y_train" in self.names else "y"

    def default_x(self, y: Names) -> str:
        """Return `x_train` if it is there, else `x`."""
        return "x_train" if "x_train" in self.names else "x"

    def default_test(self) -> tuple[str, str] | None:
        """Return `x_test` and `y_test` if both are there."""
        return ("x_test", "y_test") if {"x_test", "y_test"} <= set(self.names) else None


@dataclass(frozen=True)
class Table(Contents):
    """Columns: the last one is y, the others are the points of a series.

    Raises:
        InputError: If two columns have one name.
    """

    item = "column"

    def __post_init__(self) -> None:
        """Check that each column has a name of its own."""
        for i, name in enumerate(self.names):
            if name in self.names[:i]:
                raise InputError(
                    f"'{self.path}' has two columns named '{name}'; give each a name of its own",
                    kind="file",
                    key=self.path,
                )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are not of test data."""
        return self.names

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
                f"'{self.path}' has no columns for x beside '{self.columns[-1]}'; give x and y",
                kind="missing",
                key="x",
            )
        return others

    def default_test(self) -> None:
        """Return None: a table has no test data of its own."""
        return None

    def place(self, name: str, index: list[int]) -> str:
        """Return where a value is: its row in the file, counted from 1, and its column."""
        return f"row {index[0] + 1}, column '{name}'"

    @staticmethod
    def check_missing(path: Path, name: str, missing: np.ndarray) -> None:
        """Refuse a column with empty cells.

        Args:
            path: Path of the file.
            name: Name of the column.
            missing: Which cells are empty, bool [N].

        Raises:
            InputError: If a cell is empty; says which is the first.
        """
        if missing.any():
            raise InputError(
                f"'{path}' has nothing in row {missing.argmax() + 1}, column '{name}'", kind="file", key=path
            )


formats: Registry[Callable[[Path], Contents]] = Registry("format of data", "isthmus.tasks.custom")


def open_contents(path: Path) -> Contents:
    """Open a file or folder with the reader of its format.

    Args:
        path: Path of the file or folder.

    Raises:
        InputError: If it does not exist, has an unknown suffix or is damaged.
    """
    suffix = FOLDER if path.is_dir() else path.suffix.lower()
    if not path.exists():
        raise InputError(f"there is no file or folder '{path}'", kind="file", key=path)
    if suffix not in formats:
        known = ", ".join(name for name in formats if name != FOLDER)
        raise InputError(f"'{path}' ends in '{path.suffix}'; give a {FOLDER} or one of {known}", key=path)
    return formats[suffix](path)
