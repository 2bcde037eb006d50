"""Ridge regression for many penalties: against scikit-learn's, one penalty after the other."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from isthmus.methods.ridge_path import PENALTIES, cross_validated_ridge, ridge_path


def data(rows: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(rows)
    x = 3 + rng.normal(size=(rows, inputs))
    return x, x[:, :2] @ rng.normal(size=(2, 3)) + rng.normal(size=(rows, 3))


@pytest.mark.parametrize(("rows", "inputs"), [(12, 30), (40, 7), (9, 9)])
def test_the_path_is_that_of_single_fits(rows: int, inputs: int) -> None:
    x, y = data(rows, inputs)
    new = data(rows + 1, inputs)[0]
    found = ridge_path(x, y, new, PENALTIES)
    for penalty, predictions in zip(PENALTIES, found, strict=True):
        expected = Ridge(alpha=penalty, solver="svd").fit(x, y).predict(new)
        np.testing.assert_allclose(predictions, expected, rtol=1e-6, atol=1e-8)


def test_a_weight_is_so_many_rows() -> None:
    x, y = data(12, 5)
    new, times = data(3, 5)[0], np.arange(12) % 3
    weighted = ridge_path(x, y, new, PENALTIES, times.astype(float))
    np.testing.assert_allclose(weighted, ridge_path(x.repeat(times, 0), y.repeat(times, 0), new, PENALTIES))
    fold, counted = np.arange(12) % 4, np.arange(12) > 1
    fitted = np.arange(12) < 11
    found = cross_validated_ridge(x, y, fold, fitted, counted, times.astype(float))
    repeated = (part.repeat(times, 0) for part in (x, y, fold, fitted, counted))
    expected = cross_validated_ridge(*repeated)
    assert found.penalty == expected.penalty
    np.testing.assert_allclose(found.weight, expected.weight)


def test_the_penalty_is_that_of_the_least_error_on_rows_left_out() -> None:
    x, y = data(40, 7)
    fold = np.arange(40) % 4
    counted, used = np.arange(40) < 30, np.arange(40) > 15
    errors = []
    for penalty in PENALTIES:
        out_of_fold = np.empty_like(y)
        for number in range(4):
            rows = (fold != number) & used
            fitted = Ridge(alpha=penalty).fit(x[rows], y[rows])
            out_of_fold[fold == number] = fitted.predict(x[fold == number])
        errors.append(np.square(out_of_fold - y)[counted].mean())
    best = PENALTIES[int(np.argmin(errors))]
    found = cross_validated_ridge(x, y, fold, used, counted)
    assert found.penalty == best
    assert np.square(found.out_of_fold - y)[counted].mean() == pytest.approx(min(errors))
    expected = Ridge(alpha=best).fit(x[used], y[used])
    np.testing.assert_allclose(found.weight, expected.coef_)
    np.testing.assert_allclose(found.bias, expected.intercept_)
