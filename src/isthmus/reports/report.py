"""Report of a run or a grid: a page to read, its figures, and a grid's tables."""

from pathlib import Path

from isthmus.bench import Comparison
from isthmus.bench import report as write_tables
from isthmus.bench.grid import GRID
from isthmus.errors import InputError
from isthmus.reports.grid import grid_page
from isthmus.reports.page import FOLDER, PAGE, write_page
from isthmus.reports.run import run_page
from isthmus.training import Run
from isthmus.training.run_folder import RESULT


def report(
    folder: str | Path, *, into: str | Path | None = None, reference: str | None = None
) -> Run | Comparison:
    """Write the report of a run or a grid, from what lies in its folder: `report/index.html` and its figures.

    The page is one file that loads nothing; the figures lie beside it as PNG, SVG and PDF. Of a grid,
    `table.md`, `table.tex`, `table.csv`, `runs.csv` and `tests.csv` are written as well; runs that are
    missing or failed are counted in the tables. Nothing is trained, and no data is read.

    Args:
        folder: Folder of a run or a grid; it may have been moved.
        into: Markdown file to put a grid's tables in as well: they replace what stands between the lines
            `<!-- isthmus report NAME -->`, with the folder's name, and `<!-- end of report -->`.
        reference: Label of a grid's method that the others are tested against; by default the grid's own.

    Returns:
        The run, or the grid's results: `print(report(folder))` shows its tables, `.markdown()` returns them
        as text.

    Raises:
        InputError: If the folder holds neither a finished run nor a grid, a file of it is damaged, the grid
            has no such method, or the file does not have exactly one place for the tables.
    """
    folder = Path(folder)
    if (folder / GRID).is_file():
        comparison = write_tables(folder, into=into, reference=reference)
        write_page(grid_page(comparison), folder / FOLDER)
        return comparison
    if not (folder / RESULT).is_file():
        raise InputError(
            f"'{folder}' is neither the folder of a finished run (it has no {RESULT}) nor of a grid ({GRID})",
            kind="file",
            key=folder,
        )
    for name, given in (("into", into), ("reference", reference)):
        if given is not None:
            raise InputError(
                f"'{folder}' is a run; '{name}' is for the tables of a grid", kind="conflict", key=name
            )
    run = Run(folder)
    write_page(run_page(run), folder / FOLDER)
    return run


def page_of(folder: str | Path) -> Path:
    """Return the path of the page that `report` writes for a folder."""
    return Path(folder) / FOLDER / PAGE
