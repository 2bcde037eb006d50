"""Cuts: a group is never on both sides, and nothing reaches over a cut in time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.errors import InputError
from isthmus.methods.probe import fit_probe, some_samples
from isthmus.tasks import Split, split_validation
from isthmus.tasks.cuts import Cut, GroupCut, TimeCut, cuts

FRACTIONS = st.sampled_from([0.1, 0.2, 0.5, 0.9])
GROUPS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), min_size=2, max_size=40)


def split(cut: Cut, classes: np.ndarray | None = None) -> Split:
    count = len(cut.keys)
    return Split(np.arange(count), np.zeros(count, int) if classes is None else classes, cut)


@given(GROUPS, FRACTIONS, st.integers(0, 5))
def test_no_group_is_on_both_sides(rows: list[tuple[int, int]], fraction: float, seed: int) -> None:
    groups, classes = np.array(rows).T
    try:
        train, held = split_validation(split(GroupCut(groups), classes), fraction, seed, stratify=True)
    except InputError:  # no group can go without a class going with it
        for name in np.unique(groups):
            assert not set(classes) <= set(classes[groups != name])
        return
    assert sorted([*train.x, *held.x]) == list(range(len(groups)))
    assert len(held) > 0
    assert not set(groups[train.x]) & set(groups[held.x])
    assert set(train.y) == set(classes)  # every class can be learnt
    np.testing.assert_array_equal(train.cut.keys, groups[train.x])
    again, _ = split_validation(split(GroupCut(groups), classes), fraction, seed, stratify=True)
    np.testing.assert_array_equal(again.x, train.x)


@given(st.integers(0, 20))
def test_groups_keep_the_proportions_of_classes(seed: int) -> None:
    groups = np.repeat(np.arange(40), 5)
    classes = (groups < 10).astype(int)
    _, held = split_validation(split(GroupCut(groups), classes), 0.2, seed, stratify=True)
    assert np.bincount(held.y).tolist() == [30, 10]


def test_a_cut_of_a_part_and_of_the_rest_is_still_by_group() -> None:
    """Test data is cut first, then validation data from the rest, then folds from the rest of that."""
    groups = np.random.default_rng(0).integers(0, 12, 200)
    rest, test = split_validation(split(GroupCut(groups)), 0.2, 0, stratify=False)
    train, validation = split_validation(rest, 0.2, 1, stratify=False)
    parts = [set(groups[part.x]) for part in (train, validation, test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 12
    some = some_samples(train, 50)
    fold = some.cut.folds(5)
    for name in set(groups[some.x]):
        assert len(set(fold[groups[some.x] == name])) == 1
    assert len(set(fold)) == 5


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), min_size=2, max_size=40), FRACTIONS)
def test_nothing_reaches_over_a_cut_in_time(spans: list[tuple[int, int]], fraction: float) -> None:
    begins, lengths = np.array(spans, dtype=float).T
    keys = np.stack([begins, begins + lengths], 1)
    try:
        train, held = split_validation(split(TimeCut(keys)), fraction, 0, stratify=False)
    except InputError:  # every sample reaches over the cut
        first = np.sort(begins)[len(begins) - max(1, round(fraction * len(begins)))]
        assert (keys[:, 1] >= first).all()
        return
    assert len(train) > 0
    assert len(held) >= max(1, round(fraction * len(keys)))
    assert keys[train.x, 1].max() < keys[held.x, 0].min()
    left_out = np.setdiff1d(np.arange(len(keys)), [*train.x, *held.x])
    assert (keys[left_out, 1] >= keys[held.x, 0].min()).all()


def test_folds_in_time_follow_one_another() -> None:
    keys = np.random.default_rng(0).permutation(20)[:, None] + np.array([0.0, 0.5])
    fold = TimeCut(keys).folds(4)
    assert (np.diff(fold[keys[:, 0].argsort()]) >= 0).all()
    assert np.bincount(fold).tolist() == [5, 5, 5, 5]


def test_the_probe_deals_out_whole_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []

    class Seen(Exception):
        pass

    def folds(self: GroupCut, count: int) -> np.ndarray:
        seen.append(self.keys)
        raise Seen

    monkeypatch.setattr(GroupCut, "folds", folds)
    from isthmus.config.resolve import resolve
    from isthmus.config.schema import make_config
    from isthmus.methods.probe import Probe
    from isthmus.tasks import Task

    x = np.random.default_rng(0).normal(size=(8, 16))
    task = Task.from_arrays(x, np.arange(8) % 2)
    chosen = {"backbone": "swin-micro", "embedder": "patch", "scale": "channel"}
    run = resolve(make_config({"task": "", "method": "probe", "validation": 0, **chosen}), task)
    groups = GroupCut(np.arange(8) // 2)
    with pytest.raises(Seen):
        fit_probe(Probe().build(run.config, task), Split(task.train.x, task.train.y, groups))
    np.testing.assert_array_equal(seen, [groups.keys])


def test_cuts_that_cannot_be(refuses: Callable[..., Any]) -> None:
    assert list(cuts) == ["group", "time"]
    with refuses("conflict", "group"):
        split_validation(split(GroupCut(np.zeros(4, int))), 0.5, 0, stratify=False)
    with refuses("conflict", "group"):
        GroupCut(np.zeros(4, int)).folds(5)
    with refuses("conflict", "time"):
        split_validation(split(TimeCut(np.array([[0, 9], [1, 9.0]]))), 0.5, 0, stratify=False)
