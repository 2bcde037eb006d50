"""Means, deviations and ranks against numpy and scipy."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from isthmus.bench.records import RunRecord
from isthmus.bench.results import GridResults

Records = Callable[..., list[RunRecord]]
TASKS, METHODS = ("a", "b", "c"), ("one", "two", "three")
error = st.sampled_from([0.0, 0.1, 0.25, 0.3, 1.0])  # few, so that there are ties
errors = st.fixed_dictionaries(
    {(task, method): st.lists(error, min_size=3, max_size=3) for task in TASKS for method in METHODS}
)


def system(method: str) -> tuple[str, str]:
    return method, "swin-micro"


@given(errors)
def test_cells_and_ranks(records_of: Records, values: dict[tuple[str, str], list[float]]) -> None:
    results = GridResults(records_of(values))
    for (task, method), found in values.items():
        cell = results.cells[task, system(method)]
        assert cell.mean == pytest.approx(np.mean(found))
        assert cell.deviation == pytest.approx(np.std(found, ddof=1))
    means = [[results.cells[task, system(method)].mean or 0.0 for method in METHODS] for task in TASKS]
    ranks = np.mean([rankdata(np.round(line, 6)) for line in means], axis=0)
    assert results.mean_ranks() == {system(m): pytest.approx(r) for m, r in zip(METHODS, ranks, strict=True)}


def test_missing_seeds_are_counted_and_empty_cells_not_ranked(records_of: Records) -> None:
    values = {("a", "one"): [0.2, None], ("a", "two"): [0.1, 0.3], ("b", "one"): [None, None]}
    results = GridResults(records_of(values | {("b", "two"): [0.5, 0.5]}))
    cell = results.cells["a", system("one")]
    assert (cell.mean, cell.deviation, len(cell.errors), cell.expected) == (0.2, None, 1, 2)
    assert results.cells["b", system("one")].mean is None
    assert results.ranked_tasks() == ["a"]
    assert results.mean_ranks() == {system("one"): 1.5, system("two"): 1.5}


def test_ties_are_seen_through_single_precision(records_of: Records) -> None:
    errors = {("a", "one"): [0.48000001907, 0.52], ("a", "two"): [0.5, 0.5]}
    assert set(GridResults(records_of(errors)).mean_ranks().values()) == {1.5}


def test_nothing_is_compared_across_metrics(records_of: Records) -> None:
    records = records_of({("a", "one"): [0.2, 0.4]}) + records_of({("a", "two"): [0.3, 0.1]}, {"a": "rmse"})
    results = GridResults(records)
    assert results.metrics("a") == ["error", "rmse"]
    assert (results.means("a"), results.mean_ranks()) == ({}, {})
    mixed = GridResults(records_of({("a", "one"): [0.2]}) + records_of({("a", "one"): [0.3]}, {"a": "rmse"}))
    assert mixed.cells["a", system("one")].mean is None


def test_backbones_are_named_where_there_are_several(records_of: Records) -> None:
    records = records_of({("a", "one"): [0.2]})
    assert list(GridResults(records).system_names().values()) == ["one"]
    other = [replace(record, backbone="vit") for record in records]
    assert list(GridResults(records + other).system_names().values()) == ["one, swin-micro", "one, vit"]


def test_the_median_time_is_of_finished_runs(records_of: Records) -> None:
    records = records_of({("a", "one"): [0.2, 0.3, None]})
    records = [replace(r, seconds=s) for r, s in zip(records, (1.0, 4.0, 100.0), strict=True)]
    assert GridResults(records).median("seconds") == {system("one"): 2.5}


def test_a_system_without_a_backbone_is_compared_across(records_of: Records) -> None:
    records = records_of({("a", "one"): [0.2], ("a", "two"): [0.3], ("a", "three"): [0.1]})
    records = [replace(r, backbone="none") if r.method == "three" else r for r in records]
    results = GridResults(records)
    assert list(results.system_names().values()) == ["one", "two", "three"]
    assert results.reference_system(("three", "none"), "one") == system("one")
    assert results.reference_system(system("one"), "three") == ("three", "none")
    assert results.reference_system(system("two"), "one") == system("one")
