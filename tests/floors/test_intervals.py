"""The bootstrap's interval of a mean, against its closed form."""

import numpy as np
import pytest

from isthmus.floors.intervals import bootstrap_interval


@pytest.mark.parametrize("wrong", [40, 200])
def test_the_interval_of_a_mean_is_that_of_the_normal_distribution(wrong: int) -> None:
    values = np.arange(400) < wrong
    low, high = bootstrap_interval(lambda chosen: values[chosen].mean(1), 400, seed=0)
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_the_same_seed_draws_the_same_samples() -> None:
    values = np.random.default_rng(0).normal(size=30)

    def interval(seed: int) -> tuple[float, float] | None:
        return bootstrap_interval(lambda chosen: values[chosen].mean(1), 30, seed)

    assert interval(1) == interval(1) != interval(2)


def test_what_is_the_same_for_every_sample_has_no_width() -> None:
    assert bootstrap_interval(lambda chosen: np.full(len(chosen), 0.25), 10, 0) == (0.25, 0.25)


def test_there_is_no_interval_of_one_sample_or_of_no_number() -> None:
    assert bootstrap_interval(lambda chosen: np.zeros(len(chosen)), 1, 0) is None
    assert bootstrap_interval(lambda chosen: np.full(len(chosen), np.nan), 5, 0) is None
