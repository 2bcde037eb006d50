"""Means, spreads, ranks: against numpy and scipy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from isthmus.bench.table import Table

TASKS, METHODS = ("a", "b", "c"), ("one", "two", "three")
error = st.sampled_from([0.0, 0.1, 0.25, 0.3, 1.0])  # few, so that there are ties
errors = st.fixed_dictionaries(
    {(task, method): st.lists(error, min_size=3, max_size=3) for task in TASKS for method in METHODS}
)


def system(method: str) -> tuple[str, str]:
    return method, "swin-micro"


@given(errors)
def test_cells_and_ranks(rows_of, values):
    table = Table(rows_of(values))
    for (task, method), found in values.items():
        cell = table.cells[task, system(method)]
        assert cell.mean == pytest.approx(np.mean(found))
        assert cell.deviation == pytest.approx(np.std(found, ddof=1))
    means = [[table.cells[task, system(method)].mean for method in METHODS] for task in TASKS]
    ranks = np.mean([rankdata(np.round(line, 6)) for line in means], axis=0)
    assert table.mean_ranks() == {system(m): pytest.approx(r) for m, r in zip(METHODS, ranks, strict=True)}


def test_missing_seeds_are_counted_and_empty_cells_not_ranked(rows_of):
    values = {("a", "one"): [0.2, None], ("a", "two"): [0.1, 0.3], ("b", "one"): [None, None]}
    table = Table(rows_of(values | {("b", "two"): [0.5, 0.5]}))
    cell = table.cells["a", system("one")]
    assert (cell.mean, cell.deviation, len(cell.errors), cell.asked) == (0.2, None, 1, 2)
    assert table.cells["b", system("one")].mean is None
    assert table.ranked_tasks() == ["a"]
    assert table.mean_ranks() == {system("one"): 1.5, system("two"): 1.5}


def test_ties_are_seen_through_single_precision(rows_of):
    errors = {("a", "one"): [0.48000001907, 0.52], ("a", "two"): [0.5, 0.5]}
    assert set(Table(rows_of(errors)).mean_ranks().values()) == {1.5}


def test_nothing_is_compared_across_metrics(rows_of):
    rows = rows_of({("a", "one"): [0.2, 0.4]}) + rows_of({("a", "two"): [0.3, 0.1]}, {"a": "rmse"})
    table = Table(rows)
    assert table.metrics("a") == ["error", "rmse"]
    assert (table.means("a"), table.mean_ranks()) == ({}, {})
    mixed = Table(rows_of({("a", "one"): [0.2]}) + rows_of({("a", "one"): [0.3]}, {"a": "rmse"}))
    assert mixed.cells["a", system("one")].mean is None


def test_backbones_are_named_where_there_are_several(rows_of):
    rows = rows_of({("a", "one"): [0.2]})
    assert list(Table(rows).names().values()) == ["one"]
    other = [row.__class__(**{**vars(row), "backbone": "vit"}) for row in rows]
    assert list(Table(rows + other).names().values()) == ["one, swin-micro", "one, vit"]


def test_the_median_time_is_of_finished_runs(rows_of):
    rows = rows_of({("a", "one"): [0.2, 0.3, None]})
    rows = [r.__class__(**{**vars(r), "seconds": s}) for r, s in zip(rows, (1.0, 4.0, 100.0), strict=True)]
    assert Table(rows).median("seconds") == {system("one"): 2.5}


def test_a_system_without_a_backbone_is_compared_across(rows_of):
    rows = rows_of({("a", "one"): [0.2], ("a", "two"): [0.3], ("a", "three"): [0.1]})
    rows = [replace(row, backbone="none") if row.method == "three" else row for row in rows]
    table = Table(rows)
    assert list(table.names().values()) == ["one", "two", "three"]
    assert table.partner(("three", "none"), "one") == system("one")
    assert table.partner(system("one"), "three") == ("three", "none")
    assert table.partner(system("two"), "one") == system("one")
