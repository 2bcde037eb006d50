"""What the runs of a grid say together: means over seeds, ranks, costs."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from isthmus.bench.records import Row

Column = tuple[str, str]
"""labels of a method and a backbone"""


@dataclass(frozen=True)
class Cell:
    """One task and column over its seeds.

    Attributes:
        metrics: of the errors: one, unless there are none or versions differ.
        errors: of the seeds that are done, by seed.
        asked: how many there are to be.
    """

    metrics: tuple[str, ...]
    errors: dict[int, float]
    asked: int

    @property
    def metric(self) -> str:
        """Of the errors; "" where there are none."""
        return " / ".join(self.metrics)

    @property
    def mean(self) -> float | None:
        """None where no seed is done, or metrics differ."""
        return statistics.mean(self.errors.values()) if len(self.metrics) == 1 else None

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation; None for fewer than two seeds."""
        return statistics.stdev(self.errors.values()) if len(self.errors) > 1 else None


class Table:
    """Rows by task and column.

    Attributes:
        rows: one a run.
        tasks: labels, in their order.
        columns: in their order.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.tasks = list(dict.fromkeys(row.task for row in rows))
        self.columns: list[Column] = list(dict.fromkeys(row.column for row in rows))

    @cached_property
    def cells(self) -> dict[tuple[str, Column], Cell]:
        """Every task with every column."""
        groups: dict[tuple[str, Column], list[Row]] = {(t, c): [] for t in self.tasks for c in self.columns}
        for row in self.rows:
            groups[row.task, row.column].append(row)
        return {which: _cell(found) for which, found in groups.items()}

    def names(self) -> dict[Column, str]:
        """What columns are called: by the method, and by the backbone where there are several."""
        several = len({backbone for _, backbone in self.columns}) > 1
        return {c: f"{c[0]}, {c[1]}" if several else c[0] for c in self.columns}

    def metrics(self, task: str) -> list[str]:
        """The metrics that the task's runs were measured in: one, unless their versions differ."""
        return sorted({metric for c in self.columns for metric in self.cells[task, c].metrics})

    def means(self, task: str) -> dict[Column, float]:
        """The columns that have one, to be compared: to six figures, as errors are in single precision.

        None where metrics differ.
        """
        if len(self.metrics(task)) > 1:
            return {}
        found = {column: self.cells[task, column].mean for column in self.columns}
        return {column: float(f"{mean:.6g}") for column, mean in found.items() if mean is not None}

    def ranked_tasks(self) -> list[str]:
        """Tasks in which every column has a mean."""
        return [task for task in self.tasks if len(self.means(task)) == len(self.columns)]

    def mean_ranks(self) -> dict[Column, float]:
        """Over the tasks in which every column has a mean; equal means share their ranks. {} without such."""
        ranks = [_ranks(self.means(task)) for task in self.ranked_tasks()]
        return {c: statistics.mean(rank[c] for rank in ranks) for c in self.columns} if ranks else {}

    def seconds(self) -> dict[Column, float]:
        """Median time of a column's runs."""
        times = {
            c: [r.wall_s for r in self.rows if r.column == c and r.status == "done"] for c in self.columns
        }
        return {column: statistics.median(found) for column, found in times.items() if found}


def _cell(rows: list[Row]) -> Cell:
    done = [row for row in rows if row.status == "done"]
    metrics = tuple(sorted({row.metric for row in done}))
    return Cell(metrics, {row.seed: row.error for row in done}, len(rows))


def _ranks(means: dict[Column, float]) -> dict[Column, float]:
    values = list(means.values())
    return {c: sum(v < mean for v in values) + (values.count(mean) + 1) / 2 for c, mean in means.items()}
