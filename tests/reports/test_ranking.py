"""Friedman's test, Wilcoxon's by Holm, and what they do not tell apart."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare, rankdata, wilcoxon

from isthmus.reports.ranking import ALPHA, holm, least_p, rank


def slow_holm(p: list[float]) -> list[float]:
    """For each, the largest n - k + 1 times p over all that are not larger, ties in their order."""
    order = sorted(range(len(p)), key=lambda i: (p[i], i))
    scaled = [min(1.0, (len(p) - k) * p[i]) for k, i in enumerate(order)]
    return [max(scaled[: order.index(i) + 1]) for i in range(len(p))]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_its_definition(p):
    assert holm(p) == pytest.approx(slow_holm(p))
    assert all(corrected >= value for corrected, value in zip(holm(p), p, strict=True))


def ranks_of(errors: dict[str, list[float]]) -> dict[str, float]:
    ranks = np.array([rankdata(column) for column in zip(*errors.values(), strict=True)]).mean(0)
    return dict(zip(errors, ranks.tolist(), strict=True))


def made(seed: int, shifts: list[float], tasks: int = 12) -> dict[str, list[float]]:
    rng = np.random.default_rng(seed)
    level = rng.uniform(1, 2, tasks)
    return {f"m{i}": (level + shift + rng.normal(0, 0.05, tasks)).tolist() for i, shift in enumerate(shifts)}


def test_methods_that_differ_and_methods_that_do_not():
    errors = made(1, [0.5, 0, 0, 1])
    found = rank(errors, ranks_of(errors))
    assert list(found.ranks)[2:] == ["m0", "m3"]
    assert found.friedman == pytest.approx(friedmanchisquare(*errors.values()).pvalue)
    assert [set(clique) for clique in found.cliques] == [{"m1", "m2"}]
    raw = {
        frozenset(pair): wilcoxon(errors[pair[0]], errors[pair[1]]).pvalue for pair in combinations(errors, 2)
    }
    for pair, p in found.p.items():
        assert raw[pair] <= p <= min(1, 6 * raw[pair]) + 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_cliques_are_the_longest_runs_without_a_difference(seed):
    errors = made(seed, [0, 0.03, 0.06, 0.09, 0.12], tasks=8)
    found = rank(errors, ranks_of(errors))
    names = list(found.ranks)

    def alike(start: int, end: int) -> bool:
        return all(found.p[frozenset(pair)] >= ALPHA for pair in combinations(names[start:end], 2))

    runs = [(i, j) for i in range(5) for j in range(i + 2, 6) if alike(i, j)]
    longest = [(i, j) for i, j in runs if not any((a, b) != (i, j) and a <= i and j <= b for a, b in runs)]
    assert found.cliques == [names[i:j] for i, j in longest]


def test_equal_errors_are_not_told_apart():
    errors = {name: [1.0, 2.0, 3.0] for name in "abc"}
    found = rank(errors, {"a": 2.0, "b": 2.0, "c": 2.0})
    assert found.friedman is None
    assert found.cliques == [["a", "b", "c"]]
    assert rank({"a": [1, 2], "b": [2, 1]}, {"a": 1.5, "b": 1.5}).friedman is None


def test_the_least_p_is_that_of_a_method_that_is_always_better():
    for tasks in (3, 6, 9):
        errors = {"a": list(range(1, tasks + 1)), "b": [3.3 * i for i in range(1, tasks + 1)]}
        found = rank(errors, {"a": 1.0, "b": 2.0})
        assert found.p[frozenset("ab")] == pytest.approx(least_p(tasks, 1))
    assert least_p(2, 10) == 1
