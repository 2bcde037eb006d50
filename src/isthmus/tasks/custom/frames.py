"""Columns of a pandas DataFrame as a table."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.cells import tell_letters
from isthmus.tasks.custom.contents import Table


def table_of_frame(path: Path, frame: Any, *notes: str) -> Table:
    """Return the columns of a frame by name, without an index that was written as a column.

    Args:
        path: Path of the file, for messages.
        frame: The frame; columns hold numbers, text, or lists of numbers of one length.
        notes: What was assumed so far.

    Raises:
        InputError: If it has no rows.
    """
    if frame.empty:
        raise InputError(f"'{path}' holds no rows of data", kind="file", key=path)
    names, told = [str(name) for name in frame.columns], list(notes)
    unnamed = len(names) > 1 and names[0].startswith(("Unnamed: ", "__index_level_"))
    if unnamed and (frame.iloc[:, 0] == np.arange(len(frame))).all():
        frame, names = frame.iloc[:, 1:], names[1:]
        told.append("column 0 is an unnamed index and was left out")

    def read(name: str) -> np.ndarray:
        return column_values(path, name, frame.iloc[:, names.index(name)])

    text = [name for name in names[:-1] if frame.dtypes.iloc[names.index(name)].kind == "O"]
    if len(set(names)) == len(names) and text == names[:-1]:
        tell_letters(text, [read(name) for name in text], told)
    return Table(path, tuple(names), read, tuple(told))


def _plain(value: Any) -> Any:
    """Return a date or a time as text, a decimal as a number, and anything else as it is."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def column_values(path: Path, name: str, column: Any) -> np.ndarray:
    """Return the values of a column: numbers with NaN for missing ones, or text with "" for missing text.

    Raises:
        InputError: If it holds anything else, or lists that differ in length.
    """
    missing = column.isna().to_numpy()
    known = [_plain(value) for value in column[~missing].tolist()]
    with reading(f"{path}:{name}", "a column"):
        if len({len(value) for value in known if isinstance(value, list | np.ndarray)}) > 1:
            raise ValueError("its lists differ in length; fill them up with one number, or save a .ts file")
        array = np.asarray(known)  # Text and lists become arrays instead of objects.
        if array.dtype.kind == "U" and not all(isinstance(value, str) for value in known):
            raise ValueError("it holds text and numbers")
    if array.dtype.kind not in "biufU":
        raise InputError(
            f"the column '{name}' of '{path}' holds neither numbers nor text; to leave it out give --drop "
            f"'{name}'",
            kind="file",
            key=path,
        )
    if not missing.any():
        return array
    if array.dtype.kind == "U":
        filled = np.full(len(missing), "", dtype=array.dtype if array.size else "U1")
    else:
        filled = np.full((len(missing), *array.shape[1:]), np.nan)
    filled[~missing] = array
    return filled
