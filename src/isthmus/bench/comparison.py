"""A grid's folder, read: its runs and what they say together."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from isthmus.bench.grid import Grid, read_grid
from isthmus.bench.jobs import jobs
from isthmus.bench.markdown import markdown
from isthmus.bench.records import Row, read_rows
from isthmus.bench.sheet import errors_sheet, failures_sheet, pairs_sheet
from isthmus.bench.table import Table
from isthmus.errors import InputError
from isthmus.files import write_text

GRID = "grid.yaml"


class Comparison:
    """The runs of a grid, as they lie in its folder. `Comparison(folder)` opens it.

    Attributes:
        folder: `grid.yaml`, `runs/`, `failures/`, and the tables that `write` makes.
        grid: what was asked for, complete.

    Raises:
        InputError: if it is not the folder of a grid.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not (self.folder / GRID).is_file():
            raise InputError(f"'{folder}' is not the folder of a grid: it has no {GRID}")
        self.grid: Grid = read_grid(self.folder / GRID)

    @cached_property
    def rows(self) -> list[Row]:
        """One a run, read from its folder."""
        return read_rows(self.folder, jobs(self.grid))

    @cached_property
    def table(self) -> Table:
        """Means, ranks and costs."""
        return Table(self.rows)

    @property
    def reference(self) -> str:
        """Label of the method that the others are tested against."""
        return self.grid.reference or self.grid.methods[0].label

    def markdown(self) -> str:
        """All tables for a reader."""
        sheets = [
            errors_sheet(self.table),
            pairs_sheet(self.table, self.reference),
            failures_sheet(self.table),
        ]
        return "\n".join(markdown(sheet) for sheet in sheets if sheet.lines)

    def write(self) -> None:
        """Write the tables into the folder."""
        write_text(self.folder / "table.md", self.markdown())
        write_text(self.folder / "runs.csv", _csv([f.name for f in fields(Row)], map(_values, self.rows)))

    def __str__(self) -> str:
        return self.markdown()


def _values(thing: Any) -> list[Any]:
    return list(asdict(thing).values())


def _csv(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue()
