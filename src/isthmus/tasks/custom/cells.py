"""Cells of text as a table: which row is a header, what the columns hold, what was left out.

Readers of formats that keep tables as cells (`.csv`, `.xlsx`) share it.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.custom.column_facts import excerpt
from isthmus.tasks.custom.contents import Table
from isthmus.tasks.custom.letters import letters_note, letters_of

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "<na>", "nat", "?", "-"})
"""Words for a missing number, in lower case"""
MISSING_TEXT = ("nan", "NaN", "NaT", "<NA>")
"""Words for missing text: as numpy and pandas write it"""
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
UNNAMED = re.compile(r"|Unnamed: \d+|\.\.\.\d+|rownames")
FEWEST = 5
"""Columns of numbers from which on an ordered first row is taken as a header"""
MOST_TITLES = 30
"""Rows above a table that may hold a title and other remarks"""


def table_of(
    path: Path, cells: list[list[str]], rows: Sequence[int], notes: Sequence[str] = (), comma: bool = False
) -> Table:
    """Make a table of cells; its columns are named by the header or else by their numbers from 0.

    Args:
        path: Path of the file.
        cells: Cells of each row that is not empty, without surrounding spaces, all rows of one length.
        rows: Number of each of these rows in the file.
        notes: What was assumed so far.
        comma: Whether numbers may have a decimal comma.

    Raises:
        InputError: If there are no rows of data, or two columns have one name.
    """
    told = list(notes)
    if not cells or not cells[0]:
        raise InputError(f"'{path}' holds no rows of data", kind="file", key=path)
    columns = np.array(cells, dtype=object).T
    if _has_two_headers(columns):
        told.append(f"rows {rows[0]} and {rows[1]} are taken as one header")
        columns[:, 1] = [low or high for high, low in columns[:, :2].tolist()]
        columns, rows = columns[:, 1:], rows[1:]
    elif _has_units(columns):
        told.append(f"row {rows[1]} holds units, as '{columns[0, 1]}', and was left out")
        columns, rows = np.delete(columns, 1, axis=1), [rows[0], *rows[2:]]
    if comma and any(DECIMAL_COMMA.fullmatch(cell) for cell in columns[:, -1]):
        columns = _with_points(columns, told)
    names = _header(columns, told)
    body = columns if names is None else columns[:, 1:]
    if not body.shape[1]:
        under = f" under '{excerpt(cells[0][0])}'" if cells[0][0] else ""
        raise InputError(f"'{path}' holds no rows of data{under}", kind="file", key=path)
    named = list(map(str, range(len(columns)))) if names is None else names
    kept = _kept(named, body, told, header=names is not None)
    values = {named[i]: typed(body[i]) for i in kept}
    if len(values) < len(kept):
        values = {}  # two columns have one name, which the table refuses
    tell_letters(list(values)[:-1], [values[name] for name in list(values)[:-1]], told)
    _tell_words(values, told)
    numbers = tuple(rows[names is not None :])
    return Table(path, tuple(named[i] for i in kept), values.__getitem__, tuple(told), numbers)


def without_titles(
    cells: list[list[str]], rows: Sequence[int], told: list[str]
) -> tuple[list[list[str]], Sequence[int]]:
    """Leave out what stands above a table: rows with a cell or two, or shorter ones, where most have many.

    Args:
        cells: Cells of each row.
        rows: Number of each row in the file.
        told: What was assumed so far, which this adds to.
    """
    filled = [sum(cell != "" for cell in row) for row in cells]
    usual = sorted(filled)[len(filled) // 2] if filled else 0
    width = len(cells[-1]) if cells else 0
    titles = 0
    while titles < min(MOST_TITLES, len(cells) - 2) and 2 * filled[titles] < usual:
        row = cells[titles]
        if filled[titles] > 2 and (len(row) == width or typed(row).dtype.kind != "U"):
            break  # a row of which much is missing, or a short series
        titles += 1
    if titles:
        which = f"row {rows[0]} is" if titles == 1 else f"rows {rows[0]} to {rows[titles - 1]} are"
        told.append(f"{which} taken as a title, '{next(filter(None, cells[0]))}', and left out")
    return cells[titles:], rows[titles:]


def is_name(column: Sequence[str] | np.ndarray) -> bool:
    """Return whether the first cell is the column's name: text that no other cell of the column is."""
    return column[0] != "" and typed(column[:1]).dtype.kind == "U" and column[0] not in column[1:]


def typed(cells: Sequence[str] | np.ndarray) -> np.ndarray:
    """Convert cells to int64 if all are integers, else to float64 if all are numbers, else to text: [N].

    Among numbers, NaN stands for missing ones; among text, "". pandas would round some numbers differently
    and read some words as missing.
    """
    text = np.array(cells, dtype=str)
    if any("_" in cell for cell in cells):  # Python reads 1_2 as 12.
        return text
    for dtype in (np.int64, np.float64):
        try:
            return text.astype(dtype)
        except (ValueError, OverflowError):
            continue
    missing = np.array([cell.lower() in MISSING for cell in cells], dtype=bool)
    if missing.any() and not missing.all():
        try:
            numbers: np.ndarray = np.where(missing, "nan", text).astype(np.float64)
            return numbers
        except (ValueError, OverflowError):
            pass
    return np.where(np.isin(text, MISSING_TEXT), "", text) if not (text == "").all() else text


def classes(labels: np.ndarray) -> np.ndarray:
    """Convert labels to integers if they are whole numbers, which some archives write as 1.0."""
    whole = labels.dtype.kind == "f" and bool((labels == np.round(labels)).all())
    return labels.astype(np.int64) if whole else labels


def _header(columns: np.ndarray, told: list[str]) -> list[str] | None:
    """Return the names in the first row, or None if it is a row of data.

    It is a header if a column of numbers begins with text; if its numbers are in order, as wavelengths are,
    and other rows' are not; or, in a table without numbers, if its text occurs nowhere else in its columns.
    """
    first = [str(cell) for cell in columns[:, 0]]
    if columns.shape[1] < 2:
        return first if all(is_name(column) for column in columns) else None
    numeric = [i for i, column in enumerate(columns) if typed(column[1:]).dtype.kind in "if"]
    if any(typed(columns[i][:1]).dtype.kind == "U" and first[i].lower() not in MISSING for i in numeric):
        return first
    positions = [i for i in numeric if i or first[i]]  # pandas writes an index without a name
    if positions and _is_axis(columns[positions]):
        ends = first[positions[0]], first[positions[-1]]
        told.append(f"header of numbers: columns are positions {ends[0]} to {ends[1]}")
        return first
    names = [i for i, column in enumerate(columns) if is_name(column)]
    if not numeric and names and all(i in names for i, cell in enumerate(first) if cell):
        return first
    if names:
        told.append(
            "row 1 is taken as data, not as a header, for it has numbers; its "
            f"'{first[names[0]]}' occurs in no other row"
        )
    return None


def _has_units(columns: np.ndarray) -> bool:
    """Return whether the second row holds words over columns that are numbers from there on, under names."""
    if columns.shape[1] < 4 or not all(is_name(column) for column in columns):
        return False
    numeric = [column for column in columns if typed(column[2:]).dtype.kind in "if"]
    words = [column[1] for column in numeric if typed(column[1:2]).dtype.kind == "U"]
    return bool(numeric) and len(words) == len(numeric) and any(word.lower() not in MISSING for word in words)


def _has_two_headers(columns: np.ndarray) -> bool:
    """Return whether many columns of numbers have their names in the second row, under merged cells."""
    if columns.shape[1] < 3 or not all(high or low for high, low in columns[:, :2].tolist()):
        return False
    nameless = [column for column in columns if column[0] == ""]
    named = [column for column in columns if column[0] != ""]
    numeric = all(typed(column[2:]).dtype.kind in "if" for column in nameless)
    return numeric and 2 * len(nameless) >= len(columns) > len(nameless) and all(map(is_name, named))


def _is_axis(columns: np.ndarray) -> bool:
    """Return whether the first row holds positions on an axis: numbers in order, where other rows are not."""
    try:
        table = columns.T.astype(np.float64)
    except ValueError:  # cells are missing
        table = np.array([typed(column) for column in columns]).T
        if table.dtype.kind != "f":
            return False
    steps = np.diff(table, axis=1)
    even = np.atleast_1d(np.isclose(steps, steps[:, :1], rtol=1e-3).all(1))
    ordered = np.atleast_1d((steps > 0).all(1) | (steps < 0).all(1))
    ordered &= even | ~even[0]  # smooth series rise, too, but not by even steps
    if len(columns) < 2 or not bool(ordered[0]) or float(np.mean(ordered[1:])) > 0.05:
        return False
    counted = len(columns) > 2 and steps[0].min() == steps[0].max() == 1 and table[0, 0] in (0, 1)
    whole = bool((table[1:] == np.round(table[1:])).all())
    return len(columns) >= FEWEST or (bool(counted) and not whole)


def _kept(names: list[str], body: np.ndarray, told: list[str], header: bool) -> list[int]:
    """Return which columns are kept, and name those without a name by their number.

    An index that pandas wrote, and columns without a name or a cell, are left out.
    """
    kept, numbered = [], []
    for i, column in enumerate(body):
        empty = bool((column == "").all())
        nameless = header and UNNAMED.fullmatch(names[i]) is not None
        if empty and (nameless or (not header and i == len(body) - 1)):
            told.append(f"column {i} is empty and was left out")
            continue
        if nameless and i == 0 and len(body) > 1 and _is_index(column):
            told.append("column 0 is an unnamed index and was left out")
            continue
        if nameless and names[i] == "":
            names[i] = str(i)
            numbered.append(i)
        kept.append(i)
    if numbered:
        several = f" and {len(numbered) - 1} more" if len(numbered) > 1 else ""
        told.append(f"column {numbered[0]}{several} without a name: called by number")
    return kept


def _is_index(column: np.ndarray) -> bool:
    """Return whether a column numbers the rows, in order from 0 or 1 or after they were shuffled."""
    numbers = typed(column)
    if numbers.dtype.kind != "i" or len(set(numbers.tolist())) < len(numbers):
        return False
    steps = np.diff(numbers)
    counted = bool((steps == 1).all() and numbers[0] in (0, 1))
    return counted or (bool((numbers >= 0).all()) and len(set(np.sign(steps).tolist())) == 2)


def _with_points(columns: np.ndarray, told: list[str]) -> np.ndarray:
    """Write numbers with a decimal point, if the cells that hold a comma are numbers."""
    changed = columns.copy()
    for i, column in enumerate(columns):
        commas = [bool(DECIMAL_COMMA.fullmatch(cell)) for cell in column]
        others = [cell for cell, comma in zip(column[1:], commas[1:], strict=True) if not comma]
        if any(commas) and typed(["0", *others]).dtype.kind != "U":
            changed[i] = [
                cell.replace(",", ".") if comma else cell for cell, comma in zip(column, commas, strict=True)
            ]
    if (changed != columns).any():
        told.append("numbers have a decimal comma")
    return changed


def tell_letters(names: Sequence[str], columns: Sequence[np.ndarray], told: list[str]) -> None:
    """Tell if the columns before the last hold letters, which become channels."""
    sequences = letters_of(columns)
    if sequences is not None:
        told.append(letters_note(f"column '{names[0]}'" if len(names) == 1 else "x", sequences))


def _tell_words(values: dict[str, np.ndarray], told: list[str]) -> None:
    """Tell of words in a column of text that often stand for a missing value."""
    for name, column in values.items():
        words = (
            sorted(set(column.tolist()) & {"NA", "N/A", "null", "None", "?"})
            if column.dtype.kind == "U"
            else []
        )
        if words:
            told.append(f"'{words[0]}' in column '{name}' is taken as text, not as missing")
