"""Paired tests: whether one system is better than another over the tasks and seeds that both were run on."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from isthmus.bench.results import GridResults, System, display_unit, display_value

RELATIVE = "% of the mean of the two"
"""Unit of differences between errors of different metrics."""


@dataclass(frozen=True)
class PairedTest:
    """Comparison of system `a` with system `b` over pairs of errors; a negative difference favours `a`.

    Attributes:
        a: First system.
        b: Second system.
        over: What the pairs are: "(task, seed)", or "tasks", by their means over the seeds that both have.
        n: Number of pairs.
        unit: Unit of the difference: that of the metric, or `RELATIVE` where tasks have different metrics.
        difference: Mean of a - b.
        lower: Number of pairs in which the error of `a` is lower.
        higher: Number of pairs in which the error of `a` is higher.
        p: P-value of `signed_rank`.
    """

    a: System
    b: System
    over: str
    n: int
    unit: str
    difference: float
    lower: int
    higher: int
    p: float


def paired_tests(results: GridResults, a: System, b: System) -> list[PairedTest]:
    """Test two systems against each other.

    Returns:
        A test over the (task, seed) that both have, and one over the means of the tasks; [] where they share
        none.
    """
    pairs_by_task = {task: _pairs(results, task, a, b) for task in results.tasks}
    pairs_by_task = {task: pairs for task, pairs in pairs_by_task.items() if pairs}
    if not pairs_by_task:
        return []
    metrics = {metric for task in pairs_by_task for metric in results.metrics(task)}
    metric = metrics.pop() if len(metrics) == 1 else None
    means = [
        (statistics.mean(error_a for error_a, _ in pairs), statistics.mean(error_b for _, error_b in pairs))
        for pairs in pairs_by_task.values()
    ]
    all_pairs = [pair for pairs in pairs_by_task.values() for pair in pairs]
    return [
        _paired_test(a, b, "(task, seed)", all_pairs, metric),
        _paired_test(a, b, "tasks", means, metric),
    ]


def all_paired_tests(results: GridResults) -> list[PairedTest]:
    """Test every system against every later one."""
    return [test for a, b in combinations(results.systems, 2) for test in paired_tests(results, a, b)]


def signed_rank(differences: Sequence[float]) -> float:
    """Compute the p-value of the two-sided Wilcoxon signed-rank test (Wilcoxon, 1945).

    The test takes the pairs as independent. Pairs without a difference are left out. Differences that are
    the same within a hundred-thousandth of the largest share their ranks: errors are counted in samples, and
    rounded.

    Args:
        differences: Difference of each pair.

    Returns:
        The p-value; 1 where no pair differs.
    """
    from scipy.stats import wilcoxon

    largest = max(map(abs, differences), default=0.0)
    rounded = [round(difference / largest, 5) if largest else 0.0 for difference in differences]
    nonzero = [difference for difference in rounded if difference]
    return float(wilcoxon(nonzero).pvalue) if nonzero else 1.0


def _pairs(results: GridResults, task: str, a: System, b: System) -> list[tuple[float, float]]:
    """List the errors of the seeds that both systems have; none where metrics differ."""
    errors_a, errors_b = results.cells[task, a].errors, results.cells[task, b].errors
    if len(results.metrics(task)) != 1:
        return []
    return [(errors_a[seed], errors_b[seed]) for seed in errors_a if seed in errors_b]


def _paired_test(
    a: System, b: System, over: str, pairs: Sequence[tuple[float, float]], metric: str | None
) -> PairedTest:
    """Test the pairs of errors of two systems; a metric of None stands for several."""
    differences = [_difference(error_a, error_b, metric) for error_a, error_b in pairs]
    return PairedTest(
        a=a,
        b=b,
        over=over,
        n=len(pairs),
        unit=RELATIVE if metric is None else display_unit(metric),
        difference=statistics.mean(differences),
        lower=sum(difference < 0 for difference in differences),
        higher=sum(difference > 0 for difference in differences),
        p=signed_rank(differences),
    )


def _difference(a: float, b: float, metric: str | None) -> float:
    """Subtract two errors in the metric's unit, or in percent of their mean where there is no one metric."""
    if metric is not None:
        return display_value(metric, a) - display_value(metric, b)
    return 0.0 if a == b else 200 * (a - b) / (a + b)
