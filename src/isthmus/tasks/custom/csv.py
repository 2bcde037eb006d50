"""`.csv`: columns of numbers or text; a header if the first row looks like one."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Table, checked_columns, formats


@formats.register(".csv")
def read_csv(path: Path) -> Table:
    """The columns of a table, by the names in its header, or else by their numbers from 0."""
    with reading(path, ".csv"), open(path, newline="", encoding="utf-8-sig") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file) if any(row)]
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise InputError(f"row {number} of '{path}' has {len(row)} cells and row 1 {len(rows[0])}")
    columns = list(zip(*rows, strict=True))
    header = any(is_name(column) for column in columns)
    names = tuple(column[0] if header else str(i) for i, column in enumerate(columns))
    if len(rows) <= header:
        raise InputError(f"'{path}' holds no rows of data")

    def read(name: str) -> np.ndarray:
        cells = columns[names.index(name)]
        if "" in cells:
            raise InputError(f"'{path}' has nothing in row {cells.index('') + 1}, column '{name}'")
        return typed(cells[header:])

    return Table(path, checked_columns(path, names), read)


def is_name(column: Sequence[str]) -> bool:
    """Is the first cell a column's name: text that none of its other cells is?"""
    return column[0] != "" and typed(column[:1]).dtype.kind == "U" and column[0] not in column[1:]


def typed(cells: Sequence[str]) -> np.ndarray:
    """Cells as int64 if all are integers, else as float64 if all are numbers, else as text: [N]."""
    text = np.array(cells)
    if any("_" in cell for cell in cells):  # Python would read 1_2 as 12
        return text
    for dtype in (np.int64, np.float64):
        try:
            return text.astype(dtype)
        except (ValueError, OverflowError):
            continue
    return text
