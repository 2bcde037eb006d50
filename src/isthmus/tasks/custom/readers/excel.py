"""`.xlsx`: the first sheet of a workbook as a table, or those that are called train and test."""

import zipfile
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.cells import table_of, without_titles
from isthmus.tasks.custom.contents import Table, formats
from isthmus.tasks.custom.limits import check_fits, check_zip, needed
from isthmus.tasks.custom.pairs import paired_tables
from isthmus.tasks.custom.roles import PARTS
from isthmus.tasks.custom.texts import CELL_BYTES


@formats.register(".xlsx")
@formats.register(".xlsm")
def read_xlsx(path: Path) -> Table:
    """Read the columns of the first sheet; formulas count by the value that was saved with them.

    Where one sheet is called train and another test, they are the training and the test data.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, what reads it is not installed, or there are no rows of data.
    """
    openpyxl = needed("openpyxl", "xlsx", path)
    with reading(path, ".xlsx"):
        with zipfile.ZipFile(path) as archive:
            check_zip(path, archive)
            check_fits(path, "sheets", [sum(item.file_size for item in archive.infolist())], CELL_BYTES)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            if not book.worksheets:
                raise InputError(f"'{path}' holds no sheet", kind="file", key=path)
            parts = {PARTS.get(sheet.title.strip().lower()): sheet for sheet in book.worksheets}
            chosen = (
                [parts["train"], parts["test"]] if {"train", "test"} <= parts.keys() else book.worksheets[:1]
            )
            cells = [
                [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
                for sheet in chosen
            ]
        finally:
            book.close()
    others = ", ".join(sheet.title for sheet in book.worksheets if sheet not in chosen)
    named = " and ".join(f"'{sheet.title}'" for sheet in chosen)
    what = "the first sheet, " if len(chosen) == 1 else "the sheets "
    notes = [f"read from {what}{named}; move another to the front: {others}"] if others else []
    tables = [_table(path, found, notes) for found in cells]
    return tables[0] if len(tables) == 1 else paired_tables(*tables)


def _table(path: Path, found: list[list[str]], notes: list[str]) -> Table:
    """Return the table in the cells of a sheet."""
    filled = [number for number, row in enumerate(found, 1) if any(row)]
    told = list(notes)
    cells, rows = without_titles([found[number - 1] for number in filled], filled, told)
    width = max((max(i for i, cell in enumerate(row, 1) if cell) for row in cells), default=0)
    return table_of(path, [(row + [""] * width)[:width] for row in cells], rows, told)


def _text(value: Any) -> str:
    """Return the value of a cell as text that says the same number."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # Excel knows no integers
    return value.isoformat() if hasattr(value, "isoformat") else str(value).strip()
