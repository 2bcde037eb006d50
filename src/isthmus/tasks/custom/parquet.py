"""`.parquet`: columns of numbers or text, or of lists of one length."""

import importlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Table, checked_columns, formats


@formats.register(".parquet")
def read_parquet(path: Path) -> Table:
    """The columns of a table."""
    with reading(path, ".parquet"):
        try:
            frame = importlib.import_module("pandas").read_parquet(path)
        except ImportError:
            raise InputError(f"'{path}' is read by pandas and pyarrow: pip install pandas pyarrow") from None
    names = checked_columns(path, tuple(str(name) for name in frame.columns))
    if not names or frame.empty:
        raise InputError(f"'{path}' holds no rows of data")
    return Table(path, names, partial(_column, path, names, frame))


def _column(path: Path, names: tuple[str, ...], frame: Any, name: str) -> np.ndarray:
    column = frame.iloc[:, names.index(name)]
    missing = column.isna().to_numpy()
    if missing.any():
        raise InputError(f"'{path}' has nothing in row {missing.argmax() + 1}, column '{name}'")
    with reading(f"{path}:{name}", "a column"):
        array = np.asarray(column.tolist())  # so that text and lists are no objects
    if array.dtype.kind not in "biufU":
        raise InputError(f"the column '{name}' of '{path}' holds neither numbers nor text")
    return array
