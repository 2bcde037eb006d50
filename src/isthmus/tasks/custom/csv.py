"""`.csv`: columns of numbers or text, with a header if the first row looks like one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Table, formats


@formats.register(".csv")
def read_csv(path: Path) -> Table:
    """Read the columns of a table, named by its header or else by their numbers from 0.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, rows differ in length, or there are no rows of data.
    """
    cells = _read_cells(path)
    header = any(is_name(column) for column in cells.T)
    names = tuple(cells[0]) if header else tuple(map(str, range(cells.shape[1])))
    if len(cells) <= header:
        raise InputError(f"'{path}' holds no rows of data", kind="file", key=path)

    def read(name: str) -> np.ndarray:
        column = cells[:, names.index(name)]
        Table.check_missing(path, name, column == "")
        return typed(column[header:])

    return Table(path, names, read)


def is_name(column: Sequence[str] | np.ndarray) -> bool:
    """Return whether the first cell is the column's name: text that no other cell of the column is."""
    return column[0] != "" and typed(column[:1]).dtype.kind == "U" and column[0] not in column[1:]


def typed(cells: Sequence[str] | np.ndarray) -> np.ndarray:
    """Convert cells to int64 if all are integers, else to float64 if all are numbers, else to text: [N].

    pandas would round some numbers differently and read some as missing.
    """
    text = np.array(cells, dtype=str)
    if any("_" in cell for cell in cells):  # Python reads 1_2 as 12.
        return text
    for dtype in (np.int64, np.float64):
        try:
            return text.astype(dtype)
        except (ValueError, OverflowError):
            continue
    return text


def _read_cells(path: Path) -> np.ndarray:
    """Read the cells of all rows that are not empty, without surrounding spaces: objects [rows, columns]."""
    import pandas

    with reading(path, ".csv"):
        try:  # The engine "python" tells a missing cell at the end of a short row, NaN, from an empty one.
            frame = pandas.read_csv(
                path, header=None, dtype=str, na_filter=False, encoding="utf-8-sig", engine="python"
            )
        except pandas.errors.EmptyDataError:
            return np.empty((0, 0), dtype=object)
    cells = frame.to_numpy(dtype=object)
    lengths = frame.notna().sum(axis=1).to_numpy()
    filled = (cells != "").sum(axis=1) > cells.shape[1] - lengths
    cells, lengths = cells[filled], lengths[filled]
    for number, length in enumerate(lengths, 1):
        if length != lengths[0]:
            raise InputError(
                f"row {number} of '{path}' has {length} cells and row 1 {lengths[0]}", kind="file", key=path
            )
    width = lengths[0] if len(lengths) else 0
    stripped = [[cell.strip() for cell in row[:width]] for row in cells]
    return np.array(stripped, dtype=object).reshape(len(cells), width)
