"""Tests of several methods over several tasks: Friedman's, and Wilcoxon's between all pairs, by Holm.

As Benavoli, Corani and Mangili (JMLR 2016) advise in place of Nemenyi's test, which depends on what else is
compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from isthmus.bench.paired import signed_rank

ALPHA = 0.05


@dataclass(frozen=True)
class Ranking:
    """Methods over tasks.

    Attributes:
        ranks: Mean rank by name, the best first.
        friedman: P-value of Friedman's test that all ranks are the same; None for fewer than three methods.
        p: P-value of each pair of names, by Holm.
        cliques: Names, neighbours by rank, none of which is told apart from another; the longest groups only.
    """

    ranks: dict[str, float]
    friedman: float | None
    p: dict[frozenset[str], float]
    cliques: list[list[str]]


def rank(errors: Mapping[str, Sequence[float]], mean_ranks: Mapping[str, float]) -> Ranking:
    """Test whether methods differ over tasks.

    Args:
        errors: Error on each task, the same tasks in the same order, by the method's name.
        mean_ranks: Mean rank by name.
    """
    from scipy.stats import friedmanchisquare

    names = sorted(mean_ranks, key=lambda name: mean_ranks[name])
    differ = any(len(set(column)) > 1 for column in zip(*errors.values(), strict=True))
    friedman = float(friedmanchisquare(*errors.values()).pvalue) if len(names) > 2 and differ else None
    pairs = {
        frozenset(pair): signed_rank([a - b for a, b in zip(errors[pair[0]], errors[pair[1]], strict=True)])
        for pair in combinations(names, 2)
    }
    corrected = dict(zip(pairs, holm(list(pairs.values())), strict=True))
    return Ranking(
        {name: mean_ranks[name] for name in names}, friedman, corrected, _cliques(names, corrected)
    )


def holm(p: Sequence[float]) -> list[float]:
    """Correct p-values for their number (Holm, 1979): the k-th of n times n - k + 1, never falling."""
    corrected, highest = [0.0] * len(p), 0.0
    for place, number in enumerate(sorted(range(len(p)), key=lambda number: p[number])):
        highest = max(highest, min(1.0, (len(p) - place) * p[number]))
        corrected[number] = highest
    return corrected


def least_p(tasks: int, pairs: int) -> float:
    """Return the least p-value that one of so many pairs of methods can have over so many tasks."""
    return min(1.0, pairs * 2.0 ** (1 - tasks))


def _cliques(names: Sequence[str], p: Mapping[frozenset[str], float]) -> list[list[str]]:
    """Return the longest runs of neighbours in which no pair differs."""
    found: list[list[str]] = []
    for start in range(len(names)):
        end = start + 1
        while end < len(names) and all(p[frozenset((names[end], n))] >= ALPHA for n in names[start:end]):
            end += 1
        if end - start > 1 and not (found and names[end - 1] in found[-1]):
            found.append(list(names[start:end]))
    return found
