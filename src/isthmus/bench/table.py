"""What the runs of a grid say together: means over seeds, ranks, costs."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from isthmus.bench.records import Row
from isthmus.methods import NONE

System = tuple[str, str]
"""labels of a method and a backbone: what tables compare"""


@dataclass(frozen=True)
class Cell:
    """One task and system over its seeds.

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
    """LazyArray by task and system.

    Attributes:
        rows: one a run.
        tasks: labels, in their order.
        systems: in their order.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.tasks = list(dict.fromkeys(row.task for row in rows))
        self.systems: list[System] = list(dict.fromkeys(row.system for row in rows))

    @cached_property
    def cells(self) -> dict[tuple[str, System], Cell]:
        """Every task with every system."""
        groups: dict[tuple[str, System], list[Row]] = {(t, c): [] for t in self.tasks for c in self.systems}
        for row in self.rows:
            groups[row.task, row.system].append(row)
        return {which: _cell(found) for which, found in groups.items()}

    def names(self) -> dict[System, str]:
        """What systems are called: by the method, and by the backbone where there are several."""
        several = len({backbone for _, backbone in self.systems} - {NONE}) > 1
        return {c: f"{c[0]}, {c[1]}" if several and c[1] != NONE else c[0] for c in self.systems}

    def partner(self, system: System, reference: str) -> System:
        """The reference method on the system's backbone; on the first where one of the two has none."""
        same = (reference, system[1])
        return same if same in self.systems else next(c for c in self.systems if c[0] == reference)

    def metrics(self, task: str) -> list[str]:
        """The metrics that the task's runs were measured in: one, unless their versions differ."""
        return sorted({metric for c in self.systems for metric in self.cells[task, c].metrics})

    def means(self, task: str) -> dict[System, float]:
        """The systems that have one, to be compared: to six figures, as errors are in single precision.

        None where metrics differ.
        """
        if len(self.metrics(task)) > 1:
            return {}
        found = {system: self.cells[task, system].mean for system in self.systems}
        return {system: float(f"{mean:.6g}") for system, mean in found.items() if mean is not None}

    def ranked_tasks(self) -> list[str]:
        """Tasks in which every system has a mean."""
        return [task for task in self.tasks if len(self.means(task)) == len(self.systems)]

    def mean_ranks(self) -> dict[System, float]:
        """Over the tasks in which every system has a mean; equal means share their ranks. {} without such."""
        ranks = [_ranks(self.means(task)) for task in self.ranked_tasks()]
        return {c: statistics.mean(rank[c] for rank in ranks) for c in self.systems} if ranks else {}

    def median(self, figure: str) -> dict[System, float]:
        """Of a figure of a system's runs, where it is known: a name in `Row`."""
        done = [row for row in self.rows if row.status == "done"]
        found = {c: [float(getattr(row, figure)) for row in done if row.system == c] for c in self.systems}
        known = {c: [value for value in values if math.isfinite(value)] for c, values in found.items()}
        return {system: statistics.median(values) for system, values in known.items() if values}


def _cell(rows: list[Row]) -> Cell:
    done = [row for row in rows if row.status == "done"]
    metrics = tuple(sorted({row.metric for row in done}))
    return Cell(metrics, {row.seed: row.error for row in done}, len(rows))


def _ranks(means: dict[System, float]) -> dict[System, float]:
    values = list(means.values())
    return {c: sum(v < mean for v in values) + (values.count(mean) + 1) / 2 for c, mean in means.items()}
