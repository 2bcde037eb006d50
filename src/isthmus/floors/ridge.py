"""Ridge regression on all values of a sample."""

import numpy as np

from isthmus.floors import floors
from isthmus.floors.columns import MOST_COLUMNS, Columns
from isthmus.floors.floor import Fitted, Floor, count
from isthmus.methods.ridge_path import cross_validated_ridge, ridge_path, solve_ridge
from isthmus.tasks import Split, Task

MOST_OUTPUTS = 2**14
COMPARED = 2**21
"""Number of target values of all samples by which the penalty is chosen"""
MOST_WEIGHTS = 2**25


@floors.register("ridge")
class Ridge(Floor):
    """Ridge regression on standardised columns; classes and labels are regressed as -1 and 1.

    One penalty for all outputs, of the least squared error in cross-validation.
    """

    def excess(self, task: Task, samples: int) -> str | None:
        """Leave out targets of very many values."""
        return f"{count(task):,} outputs are too many" if count(task) > MOST_OUTPUTS else None

    def fit(self, task: Task, train: Split, y: np.ndarray, fold: np.ndarray, seed: int) -> Fitted:
        """Choose the penalty and fit."""
        columns = Columns(train, min(MOST_COLUMNS, MOST_WEIGHTS // count(task)))
        predict, out_of_fold = fit_ridge(columns.train, y.reshape(len(y), -1), fold)
        size = y.shape[1:]
        return Fitted(
            lambda x: predict(columns(x)).reshape(len(x), *size), out_of_fold.reshape(y.shape), columns.note
        )


def fit_ridge(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> "tuple[LinearMap, np.ndarray]":
    """Fit a ridge regression with a cross-validated penalty.

    Args:
        x: Inputs [N, R].
        y: Targets [N, Q].
        fold: Number of the fold of each row, [N].

    Returns:
        The fit, and predictions [N, Q] by fits that had not seen the row.
    """
    compared = y[:, :: -(-y.size // COMPARED)]  # evenly spaced outputs
    found = cross_validated_ridge(x, compared.astype(np.float64), fold)
    if compared.shape == y.shape:
        return LinearMap(found.weight, found.bias), found.out_of_fold
    out_of_fold = np.empty(y.shape)
    for number in np.unique(fold):
        inside = fold != number
        out_of_fold[~inside] = ridge_path(x[inside], y[inside], x[~inside], np.array([found.penalty]))[0]
    return LinearMap(*solve_ridge(x, y, found.penalty)), out_of_fold


class LinearMap:
    """A linear map [M, R] -> [M, Q].

    Args:
        weight: Coefficients [Q, R].
        bias: Intercepts [Q].
    """

    def __init__(self, weight: np.ndarray, bias: np.ndarray) -> None:
        self.weight, self.bias = weight, bias

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Map inputs to outputs."""
        outputs: np.ndarray = x @ self.weight.T + self.bias
        return outputs
