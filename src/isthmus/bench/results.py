"""Statistics of a grid's runs: means over seeds, ranks and costs."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from isthmus.bench.records import RunRecord
from isthmus.methods import NONE

System = tuple[str, str]
"""Labels of a method and a backbone: what the tables compare."""

PERCENT = {"error"}
"""Metrics that are shares of samples and shown in percent."""


def display_unit(metric: str) -> str:
    """Return the unit that is shown beside a metric's values: `error %`."""
    return f"{metric} %" if metric in PERCENT else metric


def display_value(metric: str, value: float) -> float:
    """Convert a metric's value to the unit it is shown in."""
    return 100 * value if metric in PERCENT else value


@dataclass(frozen=True)
class GridCell:
    """Errors of one task and system over the seeds.

    Attributes:
        metrics: Metrics of the errors: one, unless no run is done or versions of a metric differ.
        errors: Error of each seed that is done.
        expected: Number of seeds in the grid.
    """

    metrics: tuple[str, ...]
    errors: dict[int, float]
    expected: int

    @property
    def metric(self) -> str:
        """Metric of the errors; "" where there are none."""
        return " / ".join(self.metrics)

    @property
    def mean(self) -> float | None:
        """Mean error; None where no seed is done, or metrics differ."""
        return statistics.mean(self.errors.values()) if len(self.metrics) == 1 else None

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation of the errors; None for fewer than two seeds."""
        return statistics.stdev(self.errors.values()) if len(self.errors) > 1 else None


class GridResults:
    """Results of a grid's runs, by task and system.

    Args:
        records: One record for each run.

    Attributes:
        records: As given.
        tasks: Labels of the tasks, in the order of the records.
        systems: Methods with their backbones, in the order of the records.
    """

    def __init__(self, records: Sequence[RunRecord]) -> None:
        self.records = records
        self.tasks = list(dict.fromkeys(record.task for record in records))
        self.systems: list[System] = list(dict.fromkeys(record.system for record in records))

    @cached_property
    def cells(self) -> dict[tuple[str, System], GridCell]:
        """Errors of every task with every system."""
        groups: dict[tuple[str, System], list[RunRecord]] = {
            (task, system): [] for task in self.tasks for system in self.systems
        }
        for record in self.records:
            groups[record.task, record.system].append(record)
        return {position: _cell(records) for position, records in groups.items()}

    def system_names(self) -> dict[System, str]:
        """Name each system for a reader: by its method, and by its backbone where there are several."""
        several = len({backbone for _, backbone in self.systems} - {NONE}) > 1
        return {
            (method, backbone): f"{method}, {backbone}" if several and backbone != NONE else method
            for method, backbone in self.systems
        }

    def reference_system(self, system: System, reference: str) -> System:
        """Find the system that another is tested against.

        Args:
            system: System to test.
            reference: Label of the reference method.

        Returns:
            The reference method on the same backbone; its first system where one of the two methods has no
            backbone.
        """
        same_backbone = (reference, system[1])
        if same_backbone in self.systems:
            return same_backbone
        return next(system for system in self.systems if system[0] == reference)

    def metrics(self, task: str) -> list[str]:
        """List the metrics of a task's errors: one, unless versions of a metric differ."""
        return sorted({metric for system in self.systems for metric in self.cells[task, system].metrics})

    def means(self, task: str) -> dict[System, float]:
        """Compute the mean errors of a task for comparison, rounded to six digits (errors are float32).

        Returns:
            The mean error of each system that has one; {} where the task's metrics differ.
        """
        if len(self.metrics(task)) > 1:
            return {}
        means = {system: self.cells[task, system].mean for system in self.systems}
        return {system: float(f"{mean:.6g}") for system, mean in means.items() if mean is not None}

    def ranked_tasks(self) -> list[str]:
        """List the tasks in which every system has a mean."""
        return [task for task in self.tasks if len(self.means(task)) == len(self.systems)]

    def mean_ranks(self) -> dict[System, float]:
        """Compute each system's mean rank over the ranked tasks; equal means share their ranks.

        Returns:
            Mean rank of each system; {} where no task is ranked.
        """
        ranks = [_ranks(self.means(task)) for task in self.ranked_tasks()]
        if not ranks:
            return {}
        return {system: statistics.mean(rank[system] for rank in ranks) for system in self.systems}

    def median(self, field: str) -> dict[System, float]:
        """Compute the median of a cost over each system's finished runs, where it is known.

        Args:
            field: Name of a number in `RunRecord`: "seconds".
        """
        done = [record for record in self.records if record.status == "done"]
        medians = {}
        for system in self.systems:
            values = [float(getattr(record, field)) for record in done if record.system == system]
            known = [value for value in values if math.isfinite(value)]
            if known:
                medians[system] = statistics.median(known)
        return medians


def _cell(records: list[RunRecord]) -> GridCell:
    """Gather the errors of one task and system."""
    done = [record for record in records if record.status == "done"]
    metrics = tuple(sorted({record.metric for record in done}))
    return GridCell(metrics, {record.seed: record.error for record in done}, len(records))


def _ranks(means: dict[System, float]) -> dict[System, float]:
    """Rank systems by their means, from 1; equal means share the average of their ranks."""
    values = list(means.values())
    return {
        system: sum(value < mean for value in values) + (values.count(mean) + 1) / 2
        for system, mean in means.items()
    }
