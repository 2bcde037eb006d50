"""The bootstrap over test samples, against a closed form and a slow reference."""

import numpy as np
import pytest

from isthmus.reports.interval import bootstrap
from isthmus.training.kept import SavedOutputs


def of_numbers(residuals: np.ndarray) -> SavedOutputs:
    output = residuals.astype(np.float32)[:, None]
    return SavedOutputs(np.arange(len(output)), output, np.zeros_like(output))


def test_of_a_share_it_is_that_of_the_binomial_distribution():
    wrong = np.arange(400) % 4 == 0
    output = np.stack([wrong, ~wrong], 1).astype(np.float32)  # the class is 1
    low, high = bootstrap(SavedOutputs(np.arange(400), output, np.ones(400, np.int64)), "error")
    spread = 1.96 * np.sqrt(0.25 * 0.75 / 400)
    assert (low, high) == pytest.approx((0.25 - spread, 0.25 + spread), abs=0.006)
    assert (low, high) == bootstrap(SavedOutputs(np.arange(400), output, np.ones(400, np.int64)), "error")


def test_of_a_root_mean_square_it_is_that_of_resampled_residuals():
    residuals = np.random.default_rng(1).normal(size=60)
    draws = np.random.default_rng(2).integers(60, size=(20_000, 60))
    expected = np.quantile(np.sqrt((residuals[draws] ** 2).mean(1)), [0.025, 0.975])
    assert bootstrap(of_numbers(residuals), "rmse") == pytest.approx(expected, abs=0.02)


def test_equal_residuals_leave_no_doubt():
    assert bootstrap(of_numbers(np.full(5, 2.0)), "rmse") == (2, 2)


def test_where_there_is_no_interval():
    assert bootstrap(of_numbers(np.ones(1)), "rmse") is None
    assert bootstrap(of_numbers(np.ones(3)), "a metric of the user's own") is None
