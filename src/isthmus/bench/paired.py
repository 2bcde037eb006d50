"""Is one system better than another? Tested over what both were run on."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from isthmus.bench.formatting import scaled, unit
from isthmus.bench.table import System, Table

RELATIVE = "% of the mean of the two"


@dataclass(frozen=True)
class PairedTest:
    """`a` against `b` over pairs; negative differences say that `a` has the lower error.

    Attributes:
        a, b: the systems.
        over: what the pairs are: `(task, seed)`, or `tasks`, by their means over the seeds that both have.
        n: how many pairs.
        unit: of the difference: the metric's, or where tasks have different ones, `RELATIVE`.
        difference: mean of a - b.
        lower, higher: in how many pairs the error of `a` is lower, and higher.
        p: of `signed_rank`.
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


def paired_tests(table: Table, a: System, b: System) -> list[PairedTest]:
    """Two systems over the (task, seed) that both have, and over the means of the tasks; [] without any."""
    shared = {task: _shared(table, task, a, b) for task in table.tasks}
    shared = {task: pairs for task, pairs in shared.items() if pairs}
    if not shared:
        return []
    metrics = {metric for task in shared for metric in table.metrics(task)}
    metric = metrics.pop() if len(metrics) == 1 else None
    means = [
        (statistics.mean(one for one, _ in pairs), statistics.mean(other for _, other in pairs))
        for pairs in shared.values()
    ]
    return [
        _compare(a, b, "(task, seed)", [pair for pairs in shared.values() for pair in pairs], metric),
        _compare(a, b, "tasks", means, metric),
    ]


def all_paired_tests(table: Table) -> list[PairedTest]:
    """Every system against every later one."""
    return [c for a, b in combinations(table.systems, 2) for c in paired_tests(table, a, b)]


def signed_rank(differences: Sequence[float]) -> float:
    """p of the two-sided Wilcoxon signed-rank test (Wilcoxon, 1945), which takes the pairs as independent.

    Pairs without a difference are left out; 1 where none differs. Differences that are the same within a
    hundred-thousandth of the largest share their ranks: errors are counted in samples, and rounded.
    """
    from scipy.stats import wilcoxon

    largest = max(map(abs, differences), default=0.0)
    differing = [d for d in (round(d / largest, 5) if largest else 0.0 for d in differences) if d]
    return float(wilcoxon(differing).pvalue) if differing else 1.0


def _shared(table: Table, task: str, a: System, b: System) -> list[tuple[float, float]]:
    """The errors of the seeds that both have; none where metrics differ."""
    one, other = table.cells[task, a], table.cells[task, b]
    if len(table.metrics(task)) != 1:
        return []
    return [(one.errors[seed], other.errors[seed]) for seed in one.errors if seed in other.errors]


def _compare(
    a: System, b: System, over: str, pairs: Sequence[tuple[float, float]], metric: str | None
) -> PairedTest:
    differences = [_difference(one, other, metric) for one, other in pairs]
    return PairedTest(
        a=a,
        b=b,
        over=over,
        n=len(pairs),
        unit=RELATIVE if metric is None else unit(metric),
        difference=statistics.mean(differences),
        lower=sum(d < 0 for d in differences),
        higher=sum(d > 0 for d in differences),
        p=signed_rank(differences),
    )


def _difference(a: float, b: float, metric: str | None) -> float:
    if metric is not None:
        return scaled(metric, a) - scaled(metric, b)
    return 0.0 if a == b else 200 * (a - b) / (a + b)
