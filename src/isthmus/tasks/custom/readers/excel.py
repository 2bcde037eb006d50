"""`.xlsx`: the first sheet of a workbook as a table."""

import zipfile
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.cells import table_of, without_titles
from isthmus.tasks.custom.contents import Table, formats
from isthmus.tasks.custom.limits import check_fits, check_zip, needed
from isthmus.tasks.custom.texts import CELL_BYTES


@formats.register(".xlsx")
@formats.register(".xlsm")
def read_xlsx(path: Path) -> Table:
    """Read the columns of the first sheet; formulas count by the value that was saved with them.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, what reads it is not installed, or there are no rows of data.
    """
    openpyxl = needed("openpyxl", "xlsx", path)
    notes: list[str] = []
    with reading(path, ".xlsx"):
        with zipfile.ZipFile(path) as archive:
            check_zip(path, archive)
            check_fits(path, "sheets", [sum(item.file_size for item in archive.infolist())], CELL_BYTES)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheets = book.worksheets
            if not sheets:
                raise InputError(f"'{path}' holds no sheet", kind="file", key=path)
            if len(sheets) > 1:
                others = ", ".join(sheet.title for sheet in sheets[1:])
                notes.append(
                    f"read from the first sheet, '{sheets[0].title}'; move another to the front: {others}"
                )
            found = [[_text(value) for value in row] for row in sheets[0].iter_rows(values_only=True)]
        finally:
            book.close()
    filled = [number for number, row in enumerate(found, 1) if any(row)]
    cells, rows = without_titles([found[number - 1] for number in filled], filled, notes)
    width = max((max(i for i, cell in enumerate(row, 1) if cell) for row in cells), default=0)
    return table_of(path, [(row + [""] * width)[:width] for row in cells], rows, notes)


def _text(value: Any) -> str:
    """Return the value of a cell as text that says the same number."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # Excel knows no integers
    return value.isoformat() if hasattr(value, "isoformat") else str(value).strip()
