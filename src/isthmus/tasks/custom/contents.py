"""What a file holds, by name, and which of it is x and y if nobody says."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.tasks.arrays import to_array

Names = str | Annotated[tuple[str, ...], Field(min_length=1)]
"""a name, or several whose arrays are put side by side"""
FOLDER = "folder"
SHOWN = 12
"""names in a message, of those that there are"""


@dataclass(frozen=True)
class Contents(ABC):
    """What a file holds. Nothing is read before it is asked for by name, unless the format wants it."""

    path: Path
    names: tuple[str, ...]
    read: Callable[[str], Any] = field(repr=False)
    """one of `names` -> numbers or text [N, ...], or a list of N series"""
    what: ClassVar[str]

    @abstractmethod
    def usual_y(self) -> str:
        """What y is called if nobody says."""

    @abstractmethod
    def usual_x(self, y: Names) -> Names:
        """What x is called if nobody says."""

    @abstractmethod
    def usual_test(self) -> tuple[str, str] | None:
        """What x and y of the test data are called, if they are there."""

    def take(self, names: Names) -> Any:
        """What is there under a name; under several, numbers [N, ...] side by side: [N, K, ...].

        Raises:
            InputError: if one is missing (says what there is), holds no numbers, or differs in shape.
        """
        if isinstance(names, str):
            return self._one(names)
        arrays = [to_array(self._one(name), name) for name in names]
        for name, array in zip(names, arrays, strict=True):
            if array.dtype.kind not in "biuf":
                raise InputError(
                    f"the {self.what} '{name}' of '{self.path}' holds no numbers; leave it out of what is "
                    "put side by side"
                )
            if array.shape != arrays[0].shape:
                raise InputError(
                    f"'{self.path}' holds '{names[0]}' of shape {list(arrays[0].shape)} and '{name}' of "
                    f"shape {list(array.shape)}; what is put side by side has one shape"
                )
        return np.stack(arrays, axis=1)

    def _one(self, name: str) -> Any:
        if name not in self.names:
            there = ", ".join(self.names[:SHOWN]) + (", ..." if len(self.names) > SHOWN else "")
            raise InputError(f"'{self.path}' holds no {self.what} '{name}'; it holds {there or 'none'}")
        return self.read(name)


class Arrays(Contents):
    """Named arrays: x_train, y_train and perhaps x_test, y_test; or x, y."""

    what = "array"

    def usual_y(self) -> str:
        return "y_train" if "y_train" in self.names else "y"

    def usual_x(self, y: Names) -> str:
        return "x_train" if "x_train" in self.names else "x"

    def usual_test(self) -> tuple[str, str] | None:
        return ("x_test", "y_test") if {"x_test", "y_test"} <= set(self.names) else None


class Table(Contents):
    """Columns: the last one is y, the others are the points of a series."""

    what = "column"

    def usual_y(self) -> str:
        return self.names[-1]

    def usual_x(self, y: Names) -> tuple[str, ...]:
        others = tuple(name for name in self.names if name not in (y if isinstance(y, tuple) else (y,)))
        if not others:
            raise InputError(f"'{self.path}' has no columns for x beside '{self.names[-1]}'; give x and y")
        return others

    def usual_test(self) -> None:
        return None


formats: Registry[Callable[[Path], Contents]] = Registry("format of data", "isthmus.tasks.custom")


def open_contents(path: Path) -> Contents:
    """What the file or folder holds.

    Raises:
        InputError: if there is none, its name ends in something unknown, or it is damaged.
    """
    form = FOLDER if path.is_dir() else path.suffix.lower()
    if not path.exists():
        raise InputError(f"there is no file or folder '{path}'")
    if form not in formats:
        known = ", ".join(name for name in formats if name != FOLDER)
        raise InputError(f"'{path}' ends in '{path.suffix}'; give a {FOLDER} or one of {known}")
    return formats[form](path)


def checked_columns(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a table's columns.

    Raises:
        InputError: if two have one name.
    """
    for i, name in enumerate(names):
        if name in names[:i]:
            raise InputError(f"'{path}' has two columns named '{name}'; give each a name of its own")
    return names
