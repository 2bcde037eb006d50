"""A grid's folder, read: its runs and what they say together."""

from functools import cached_property
from pathlib import Path

from isthmus.bench.grid import GRID, Grid, make_grid, read_grid
from isthmus.bench.jobs import jobs
from isthmus.bench.latex import latex
from isthmus.bench.markdown import markdown
from isthmus.bench.records import Row, read_rows
from isthmus.bench.sheet import Sheet, errors_sheet, failures_sheet, pairs_sheet, published_sheets
from isthmus.bench.spreadsheets import paired_csv, runs_csv, table_csv
from isthmus.bench.table import Table
from isthmus.errors import InputError
from isthmus.files import write_text


class Comparison:
    """The runs of a grid, as they lie in its folder. `Comparison(folder)` opens it.

    Args:
        folder: with `grid.yaml`, `runs/`, `failures/`, and the tables that `write` makes.
        reference: label of the method that the others are tested against; by default the grid's.

    Raises:
        InputError: if it is not the folder of a grid, or the grid has no such method.
    """

    def __init__(self, folder: Path | str, reference: str | None = None) -> None:
        self.folder = Path(folder)
        if not (self.folder / GRID).is_file():
            raise InputError(f"'{folder}' is not the folder of a grid: it has no {GRID}")
        grid = read_grid(self.folder / GRID)
        self.grid: Grid = make_grid(grid.model_dump() | ({"reference": reference} if reference else {}))

    @cached_property
    def rows(self) -> list[Row]:
        """One a run, read from its folder, with the errors that the grid is about."""
        rows = read_rows(self.folder, jobs(self.grid))
        return rows if self.grid.errors == "test" else [row.on_validation() for row in rows]

    @cached_property
    def table(self) -> Table:
        """Means, ranks and costs."""
        return Table(self.rows)

    @property
    def sheets(self) -> list[Sheet]:
        """All tables for a reader: ours, then published ones on the same tasks."""
        reference = self.grid.reference or self.grid.methods[0].label
        ours = [
            errors_sheet(self.table, self.grid.errors),
            pairs_sheet(self.table, reference),
            failures_sheet(self.table),
        ]
        return [s for s in ours if s.lines] + published_sheets({task.name for task in self.grid.tasks})

    def markdown(self) -> str:
        """The sheets in Markdown."""
        return "\n".join(map(markdown, self.sheets))

    def write(self) -> None:
        """Write the tables into the folder."""
        texts = {
            "table.md": self.markdown(),
            "table.tex": "\n".join(map(latex, self.sheets)),
            "table.csv": table_csv(self.table),
            "runs.csv": runs_csv(self.table),
            "tests.csv": paired_csv(self.table),
        }
        for name, text in texts.items():
            write_text(self.folder / name, text)

    def __str__(self) -> str:
        return self.markdown()
