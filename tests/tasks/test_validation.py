"""Validation data is cut from training data: disjoint, together the whole, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from isthmus.errors import InputError
from isthmus.tasks import Split, split_validation

fractions = st.floats(0.01, 0.95)
seeds = st.integers(0, 1000)


def numbered(y):
    """A split whose x says the number of each sample."""
    return Split(np.arange(len(y), dtype=np.float32).reshape(-1, 1, 1), np.asarray(y))


def numbers(split):
    return split.x.ravel().astype(int).tolist()


@given(y=st.lists(st.integers(0, 4), min_size=2, max_size=60), fraction=fractions, seed=seeds)
def test_any_cut_is_a_partition_in_order(y, fraction, seed):
    split = numbered(y)
    train, validation = split_validation(split, fraction, seed, stratify=False)
    assert sorted(numbers(train) + numbers(validation)) == list(range(len(y)))
    assert numbers(train) == sorted(numbers(train))
    assert numbers(validation) == sorted(numbers(validation))
    np.testing.assert_array_equal(train.y, split.y[numbers(train)])
    np.testing.assert_array_equal(validation.y, split.y[numbers(validation)])
    assert len(validation) == min(max(1, round(fraction * len(y))), len(y) - 1)


@given(sizes=st.lists(st.integers(0, 20), min_size=2, max_size=6), fraction=fractions, seed=seeds)
def test_a_stratified_cut_keeps_the_shares_and_one_training_sample_of_each_class(sizes, fraction, seed):
    assume(max(sizes) > 1)
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    train, validation = split_validation(numbered(y), fraction, seed, stratify=True)
    assert sorted(numbers(train) + numbers(validation)) == list(range(len(y)))
    assert len(validation) >= 1
    for group, size in enumerate(sizes):
        assert size == 0 or (train.y == group).sum() >= 1
        assert abs((validation.y == group).sum() - fraction * size) <= 1 + 1e-9


def test_the_seed_makes_the_cut():
    split = numbered([0, 1] * 50)
    cuts = [numbers(split_validation(split, 0.2, seed, stratify=True)[1]) for seed in (1, 1, 2)]
    assert cuts[0] == cuts[1] != cuts[2]


def test_every_sample_is_cut_by_some_seed():
    split = numbered([0] * 6 + [1] * 6)
    seen = {n for seed in range(40) for n in numbers(split_validation(split, 0.34, seed, stratify=True)[1])}
    assert seen == set(range(12))


def test_fields_are_cut_without_strata():
    split = Split(np.zeros((10, 1, 4)), np.arange(40.0).reshape(10, 1, 4))
    train, validation = split_validation(split, 0.3, 0, stratify=False)
    assert (train.y.shape, validation.y.shape) == ((7, 1, 4), (3, 1, 4))


def test_fraction_zero_cuts_nothing():
    split = numbered([0, 1])
    assert split_validation(split, 0, 0, stratify=True) == (split, None)


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan")])
def test_a_fraction_outside_zero_to_one_is_refused(fraction):
    with pytest.raises(InputError, match=r"fraction is .*; it must be in \[0, 1\)"):
        split_validation(numbered([0, 1]), fraction, 0, stratify=True)


def test_classes_of_one_sample_cannot_be_cut():
    with pytest.raises(InputError, match="too few samples"):
        split_validation(numbered([0, 1, 2]), 0.5, 0, stratify=True)
    with pytest.raises(InputError, match="too few samples"):
        split_validation(numbered([0]), 0.5, 0, stratify=False)
