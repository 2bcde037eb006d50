"""Folds: every sample held out once, groups whole, time in its order, every class learnt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus import InputError, Task
from isthmus.tasks.cuts import GroupCut, TimeCut
from isthmus.tasks.folds import fold_pairs


def task_of(classes, cut=None, kind="classification") -> Task:
    classes = np.asarray(classes)
    task = Task.from_arrays(np.arange(len(classes) * 4.0).reshape(-1, 4), classes, kind=kind)
    object.__setattr__(task.train, "cut", cut)
    return task


@given(st.lists(st.integers(2, 9), min_size=2, max_size=4), st.integers(2, 5), st.integers(0, 3))
def test_each_sample_is_held_out_once_and_classes_keep_their_proportions(sizes, count, seed):
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    task = task_of(classes)
    if min(sizes) < count:
        with pytest.raises(InputError, match="give fewer folds"):
            fold_pairs(task, count, seed)
        return
    pairs = fold_pairs(task, count, seed)
    assert sorted(np.concatenate([held for _, held in pairs])) == list(range(len(classes)))
    for train, held in pairs:
        assert sorted([*train, *held]) == list(range(len(classes)))
        for number, size in enumerate(sizes):
            assert size // count <= (classes[held] == number).sum() <= -(-size // count)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), min_size=4, max_size=40), st.integers(2, 4))
def test_no_group_is_divided_and_every_class_is_learnt(rows, count):
    groups, classes = np.array(rows).T
    if len(np.unique(classes)) < 2:
        classes = np.arange(len(groups)) % 2
    try:
        pairs = fold_pairs(task_of(classes, GroupCut(groups)), count, 0)
    except InputError:  # a class would be missing where it is to be learnt
        return
    assert sorted(np.concatenate([held for _, held in pairs])) == list(range(len(groups)))
    for train, held in pairs:
        assert len(held)
        assert not set(groups[train]) & set(groups[held])
        assert set(classes[train]) == set(classes)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=3, max_size=30), st.integers(2, 4))
def test_a_fold_trains_on_what_ended_before_it(rows, count):
    begins, lengths = np.array(rows).T
    numbers = np.random.default_rng(0).normal(size=len(rows))
    task = task_of(numbers, TimeCut(np.stack([begins, begins + lengths], 1)), "regression")
    try:
        pairs = fold_pairs(task, count, 0)
    except InputError:  # too few points in time, or samples that are too long
        return
    held = [held for _, held in pairs]
    assert len(np.unique(np.concatenate(held))) == sum(map(len, held))
    for (train, now), later in zip(pairs, [*held[1:], None], strict=True):
        assert len(train)
        assert len(now)
        assert (begins + lengths)[train].max() < begins[now].min()
        assert later is None or begins[now].max() < begins[later].min()


def test_seeds_make_other_folds():
    task = task_of(np.arange(20) % 2)
    first, again, other = (fold_pairs(task, 3, seed) for seed in (0, 0, 1))
    assert all((a[1] == b[1]).all() for a, b in zip(first, again, strict=True))
    assert any((a[1] != b[1]).any() for a, b in zip(first, other, strict=True) if len(a[1]) == len(b[1]))


@pytest.mark.parametrize(("count", "cut", "classes"), [
    (1, None, [0, 0, 1, 1]),
    (3, None, [0, 0, 0, 1, 1]),
    (3, GroupCut(np.array([0, 0, 1, 1])), [0, 1, 0, 1]),
    (2, GroupCut(np.array([0, 0, 1, 1])), [0, 0, 1, 1]),
    (3, GroupCut(np.arange(4)), [0, 0, 1, 1]),
    (3, TimeCut(np.tile([[0], [1], [1], [2]], 2)), [0, 1, 0, 1]),
    (2, TimeCut(np.tile(np.arange(6)[:, None], 2)), [0, 0, 0, 1, 1, 1]),
    (2, TimeCut(np.stack([np.arange(6), np.arange(6) + 9], 1)), [0, 1, 0, 1, 0, 1]),
])  # fmt: skip
def test_folds_that_cannot_be(count, cut, classes, refuses):
    task = task_of(np.array(["a", "b"])[classes], cut)
    with refuses("value" if count == 1 else "conflict", "folds"):
        fold_pairs(task, count, 0)
