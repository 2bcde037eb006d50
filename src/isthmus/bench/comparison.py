"""The results of a grid, read from its folder."""

from collections import Counter
from functools import cached_property
from pathlib import Path

from isthmus.bench.grid import GRID, Grid, make_grid, read_grid
from isthmus.bench.jobs import jobs
from isthmus.bench.records import RunRecord, read_records
from isthmus.bench.render import paired_tests_csv, results_csv, runs_csv, to_latex, to_markdown
from isthmus.bench.report_tables import (
    Table,
    errors_table,
    failures_table,
    paired_tests_table,
    published_tables,
)
from isthmus.bench.results import GridResults
from isthmus.errors import InputError
from isthmus.files import write_text


class Comparison:
    """The runs of a grid and their tables; `Comparison(folder)` opens a grid that was run before.

    Args:
        folder: Folder of a grid, with `grid.yaml` and `runs/`.
        reference: Label of the method that the others are tested against; by default the grid's.

    Attributes:
        folder: Folder of the grid.
        grid: Description of the grid.

    Raises:
        InputError: If it is not the folder of a grid, or the grid has no such method.
    """

    def __init__(self, folder: Path | str, reference: str | None = None) -> None:
        self.folder = Path(folder)
        if not (self.folder / GRID).is_file():
            raise InputError(
                f"'{folder}' is not the folder of a grid: it has no {GRID}", kind="file", key=folder
            )
        grid = read_grid(self.folder / GRID)
        self.grid: Grid = make_grid(grid.model_dump() | ({"reference": reference} if reference else {}))

    @cached_property
    def rows(self) -> list[RunRecord]:
        """One record for each run of the grid, with the errors that the tables are made of."""
        rows = read_records(self.folder, jobs(self.grid))
        return rows if self.grid.errors == "test" else [row.on_validation() for row in rows]

    @cached_property
    def table(self) -> GridResults:
        """Means, ranks and costs of each method with each backbone."""
        return GridResults(self.rows)

    @property
    def sheets(self) -> list[Table]:
        """All tables: measured ones, then published ones on the same tasks."""
        reference = self.grid.reference or self.grid.methods[0].label
        ours = [
            errors_table(self.table, self.grid.errors),
            paired_tests_table(self.table, reference),
            failures_table(self.table),
        ]
        return [s for s in ours if s.rows] + published_tables({task.name for task in self.grid.tasks})

    @property
    def files(self) -> list[Path]:
        """Files in the folder that the tables are written to."""
        return [
            self.folder / name for name in ("table.md", "table.tex", "table.csv", "runs.csv", "tests.csv")
        ]

    def markdown(self) -> str:
        """Return all tables in Markdown."""
        return "\n".join(map(to_markdown, self.sheets))

    def write(self) -> None:
        """Write all tables into the folder, as Markdown, LaTeX and CSV."""
        texts = (
            self.markdown(),
            "\n".join(map(to_latex, self.sheets)),
            results_csv(self.table),
            runs_csv(self.table),
            paired_tests_csv(self.table),
        )
        for path, text in zip(self.files, texts, strict=True):
            write_text(path, text)

    def __str__(self) -> str:
        """Return the tables in Markdown."""
        return self.markdown()

    def __repr__(self) -> str:
        """Return the folder and the number of runs in each state."""
        states = Counter(row.status for row in self.rows)
        counts = ", ".join(f"{count} {status}" for status, count in sorted(states.items()))
        return f"<Comparison '{self.folder}': {counts}>"
