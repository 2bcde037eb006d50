"""`.csv`, `.tsv`, `.txt`, `.dat`, also as `.gz`, and `.asc`: columns of numbers or text, a header or none."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.cells import MOST_TITLES, table_of, without_titles
from isthmus.tasks.custom.contents import Contents, Table, formats
from isthmus.tasks.custom.readers.ucr import is_part, read_ucr, with_test_file
from isthmus.tasks.custom.texts import read_text

SAMPLED = 50
"""Number of lines that are looked at to find what separates cells"""
SPACES = " "


@formats.register(".csv")
@formats.register(".csv.gz")
@formats.register(".tsv")
@formats.register(".tsv.gz")
@formats.register(".txt")
@formats.register(".txt.gz")
@formats.register(".dat")
@formats.register(".dat.gz")
@formats.register(".data")
@formats.register(".data.gz")
@formats.register(".asc")
def read_csv(path: Path) -> Contents:
    """Read the columns of a table, or the series of a file of the UCR archive.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, rows differ in length, or there are no rows of data.
    """
    table = read_table(path)
    if is_part(path, table):
        return read_ucr(path, table, read_table)
    return with_test_file(table, read_table)


def read_table(path: Path) -> Table:
    """Read the columns of a table, whatever separates its cells.

    Raises:
        InputError: If the file is damaged, rows differ in length, or there are no rows of data.
    """
    text, notes = read_text(path)
    with reading(path, path.suffix):
        if "\0" in text:
            raise ValueError("it holds NUL and is no text")
        cells, rows, separator = _cells(text, notes)
    cells, rows = without_titles(cells, rows, notes)
    _check_lengths(path, cells, rows, notes)
    return table_of(path, cells, rows, notes, comma=separator != ",")


def _cells(text: str, notes: list[str]) -> tuple[list[list[str]], Sequence[int], str]:
    """Split text into the cells of rows that are not empty, and the numbers of these rows."""
    lines = text.splitlines()
    comments = [line for line in lines if line.startswith("#")]
    written = [line for line in lines if line.strip() and not line.startswith("#")]
    sampled = written[min(MOST_TITLES, len(written) // 2) :]  # below any titles
    separator = _separator(sampled[:SAMPLED])
    split: Iterable[list[str]] = map(str.split, lines)
    if separator != SPACES:
        split = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    cells, rows = [], []
    for number, row in enumerate(split, 1):
        stripped = [cell.strip() for cell in row]
        if any(stripped) and not row[0].startswith("#"):
            cells.append(stripped)
            rows.append(number)
    if comments:
        header = re.split(r"\s+|[,;]\s*", comments[-1].lstrip("# ").strip())
        if cells and len(header) == len(cells[0]) and not all(map(_is_number, header)):
            cells.insert(0, header)
            rows.insert(0, 0)
        else:
            notes.append("lines that begin with # were left out")
    return cells, rows, separator


def _separator(lines: list[str]) -> str:
    """Return what separates cells: a semicolon, tab or comma, else spaces if all lines have them."""
    for separator in (";", "\t"):
        widths = {len(row) for row in csv.reader(lines, delimiter=separator)}
        beside_commas = all(f",{separator}" in line or line.endswith(separator) for line in lines)
        if beside_commas and max(widths, default=0) < 4:
            continue  # it fills up what commas separate, or ends it
        if widths and max(widths) > 1 and max(widths) - min(widths) <= 1 and min(widths) > 1:
            return separator
    if any("," in line for line in lines) and not all(_is_spaced(line) for line in lines[1:] or lines):
        return ","
    widths = {len(line.split()) for line in lines}
    even = lines and min(widths) > 1 and (max(widths) - min(widths) <= 1)
    uneven = len(lines) > 2 and max(widths) > 2  # lines that go on in the next: their lengths are told of
    return SPACES if (even or uneven) and all(_is_spaced(line) for line in lines[1:] or lines) else ","


def _is_spaced(line: str) -> bool:
    """Return whether a line holds cells between spaces, all but one of them numbers.

    A single comma among many of them separates, as in `3,70 80 82`.
    """
    cells = line.split()
    words = [cell for cell in cells if not _is_number(cell)]
    separated = any("," in word for word in words) or (len(cells) > 2 and line.count(",") == 1)
    return len(cells) > 1 and len(words) <= 1 and not separated


def _is_number(cell: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma."""
    try:
        float(re.sub(r"^([+-]?\d*),(\d+)", r"\1.\2", cell))
    except ValueError:
        return False
    return True


def _check_lengths(path: Path, cells: list[list[str]], rows: Sequence[int], notes: list[str]) -> None:
    """Check that rows have one length; R leaves out the name of its first column, the names of rows.

    Raises:
        InputError: If they differ; says which is the first.
    """
    if len(cells) > 2 and len(cells[0]) == len(cells[1]) - 1:
        cells[0].insert(0, "")
        notes.append("the header lacks a name, which is taken as that of column 0")
    for number, row in zip(rows, cells, strict=True):
        if len(row) != len(cells[0]):
            raise InputError(
                f"row {number} of '{path}' has {len(row)} cells and row {rows[0]} {len(cells[0])}",
                kind="file",
                key=path,
            )
