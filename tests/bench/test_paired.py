"""Paired tests against a count over every flip of signs."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from isthmus.bench.paired import RELATIVE, all_paired_tests, paired_tests, signed_rank
from isthmus.bench.records import RunRecord
from isthmus.bench.results import GridResults

Records = Callable[..., list[RunRecord]]
ONE, TWO = ("one", "swin-micro"), ("two", "swin-micro")


def counted_out(differences: list[float]) -> float:
    """Compute the share of the 2^n equally likely signs whose rank sum is as far from its mean as ours."""
    ranks = rankdata(np.abs(differences))
    signs = np.array(list(product([0, 1], repeat=len(ranks))))
    sums = signs @ ranks
    found = ranks[np.array(differences) > 0].sum()
    far = np.abs(sums - ranks.sum() / 2) >= abs(found - ranks.sum() / 2) - 1e-9
    return float(far.mean())


@given(st.lists(st.integers(-30, 30).filter(bool), min_size=1, max_size=8, unique_by=abs))
def test_signed_rank_is_exact(differences: list[float]) -> None:
    assert signed_rank([d / 7 for d in differences]) == pytest.approx(counted_out(differences))


@given(st.lists(st.sampled_from([-2.0, -1.0, 1.0, 2.0, 3.0]), min_size=1, max_size=8))
def test_noise_of_rounding_parts_no_ties(differences: list[float]) -> None:
    noisy = [d * (1 + 1e-8 * i) for i, d in enumerate(differences)]
    assert signed_rank(noisy) == signed_rank(differences)


@given(st.lists(st.floats(-1, 1).map(lambda x: round(x, 2)), max_size=10))
def test_zeros_are_left_out(differences: list[float]) -> None:
    assert signed_rank([*differences, 0.0, 0.0]) == signed_rank(differences)
    assert signed_rank(differences) == pytest.approx(signed_rank([-d for d in differences]))


def test_no_difference_is_no_evidence() -> None:
    assert signed_rank([]) == signed_rank([0.0, 0.0]) == 1.0


def test_pairs_are_those_that_both_have(records_of: Records) -> None:
    errors = {("a", "one"): [0.1, 0.2, None], ("a", "two"): [0.3, None, 0.1], ("b", "one"): [0.5, 0.5, 0.5]}
    results = GridResults(records_of(errors | {("b", "two"): [0.4, 0.5, 0.7]}))
    pairs, tasks = paired_tests(results, ONE, TWO)
    assert (pairs.over, pairs.n, pairs.lower, pairs.higher) == ("(task, seed)", 4, 2, 1)
    assert pairs.difference == pytest.approx(np.mean([-20, 10, 0, -20]))
    assert pairs.unit == "error %"
    assert (tasks.over, tasks.n, tasks.lower, tasks.higher) == ("tasks", 2, 2, 0)
    assert tasks.difference == pytest.approx(np.mean([-20, -10 / 3]))


def test_the_other_way_round_is_the_mirror(records_of: Records) -> None:
    rng = np.random.default_rng(0)
    results = GridResults(records_of({(t, m): list(rng.random(4)) for t in "ab" for m in ("one", "two")}))
    for there, back in zip(paired_tests(results, ONE, TWO), paired_tests(results, TWO, ONE), strict=True):
        assert (there.lower, there.higher, there.n) == (back.higher, back.lower, back.n)
        assert there.difference == pytest.approx(-back.difference)
        assert there.p == pytest.approx(back.p)


def test_different_metrics_are_compared_relatively(records_of: Records) -> None:
    """A tenth less is a tenth less, in whatever unit."""
    errors = {("a", "one"): [0.09], ("a", "two"): [0.11], ("b", "one"): [90.0], ("b", "two"): [110.0]}
    pairs, _ = paired_tests(GridResults(records_of(errors, {"b": "rmse"})), ONE, TWO)
    assert pairs.unit == RELATIVE
    assert pairs.difference == pytest.approx(-20)


def test_every_pair_of_columns_once(records_of: Records) -> None:
    results = GridResults(records_of({("a", m): [0.1, 0.2] for m in ("one", "two", "three")}))
    assert [(t.a[0], t.b[0]) for t in all_paired_tests(results) if t.over == "tasks"] == [
        ("one", "two"),
        ("one", "three"),
        ("two", "three"),
    ]
