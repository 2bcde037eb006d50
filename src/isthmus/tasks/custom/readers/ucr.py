"""Text files of the UCR archive: a series in each row, after its class; `_TRAIN` and `_TEST`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.tasks.custom.cells import classes
from isthmus.tasks.custom.contents import Contents, Table
from isthmus.tasks.custom.pairs import pair_note, paired_arrays, paired_tables, test_file

PART = re.compile(r"_(TRAIN|TEST)\.(tsv|txt|csv)(\.gz)?$", re.IGNORECASE)
FEWEST = 8
"""Points of the shortest series of the archive"""


def is_part(path: Path, table: Table) -> bool:
    """Return whether a table is of the archive: by its file's name, and without a header."""
    if PART.search(path.name) is None or len(table.names) <= FEWEST or table.names[0] != "0":
        return False
    first = table.read("0")
    return first.dtype.kind in "if" and bool((first == np.round(first)).all())


def read_ucr(path: Path, table: Table, read_table: Callable[[Path], Table]) -> Contents:
    """Read series `x`, their classes `y`, and those of the test file beside it.

    Args:
        path: Path of the file.
        table: Its columns.
        read_table: Reader of the columns of the test file.
    """
    beside = test_file(path)
    notes = (*table.notes, "column 0 is y, as in the UCR archive; name x and y if it is not")
    test = None if beside is None else _series(read_table(beside))
    return paired_arrays(path, _series(table), test, (*notes, pair_note(beside)) if beside else notes)


def with_test_file(table: Table, read_table: Callable[[Path], Table]) -> Table:
    """Return a table with the test data in a file beside it, if there is one with the same columns."""
    beside = test_file(table.path)
    if beside is None:
        return table
    test = read_table(beside)
    if set(test.names) != set(table.names):
        return table.noting(f"'{beside.name}' beside it has other columns and is not read")
    return paired_tables(table.noting(pair_note(beside)), test)


def _series(table: Table) -> dict[str, Any]:
    """Return series [N, L], or a list of them [L_i] where missing values at their ends make them shorter."""
    values = np.stack([table.read(name).astype(np.float64) for name in table.names[1:]], axis=1)
    lengths = values.shape[1] - np.argmin(np.isnan(values[:, ::-1]), axis=1)
    x: Any = values
    if (lengths < values.shape[1]).any():
        x = [row[:length] for row, length in zip(values, lengths, strict=True)]
    return {"x": x, "y": classes(table.read(table.names[0]))}
