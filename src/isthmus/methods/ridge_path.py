"""Ridge regression for many penalties at once, and the penalty chosen by cross-validation."""

from dataclasses import dataclass

import numpy as np

PENALTIES = np.logspace(-1, 6, 15)


@dataclass(frozen=True)
class RidgeFit:
    """Result of a cross-validated ridge regression.

    Attributes:
        weight: Coefficients [Q, R], fitted to all rows that are fitted to.
        bias: Intercepts [Q].
        penalty: Penalty of the least squared error on rows left out.
        out_of_fold: Out-of-fold predictions [N, Q] with that penalty: of each row by a fit without its fold.
    """

    weight: np.ndarray
    bias: np.ndarray
    penalty: float
    out_of_fold: np.ndarray


def cross_validated_ridge(
    x: np.ndarray,
    y: np.ndarray,
    fold: np.ndarray,
    fitted: np.ndarray | None = None,
    judged: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> RidgeFit:
    """Fit a ridge regression with an intercept, its penalty chosen by k-fold cross-validation.

    All outputs share one penalty. The folds that are left out are predicted from fits to the others.

    Args:
        x: Inputs [M, R].
        y: Targets [M, Q].
        fold: Number of the fold of each row, [M]; rows that must not be torn apart have the same one.
        fitted: Whether a row is fitted to, [M]; None for all.
        judged: Whether the error of a row counts in the choice of the penalty, [M]; None for all.
        weights: Weight of each row's squared error, [M]; None where all count alike.
    """
    every = np.ones(len(x), dtype=bool)
    fitted, judged = (every if rows is None else rows for rows in (fitted, judged))
    predictions = np.empty((len(PENALTIES), *y.shape))
    for number in np.unique(fold):
        inside, outside = (fold != number) & fitted, fold == number
        predictions[:, outside] = ridge_path(
            x[inside], y[inside], x[outside], PENALTIES, _rows(weights, inside)
        )
    squared = np.square(predictions[:, judged] - y[judged])
    errors = squared.mean((1, 2)) if weights is None else squared.mean(2) @ weights[judged]
    best = int(errors.argmin())
    weight, bias = solve_ridge(x[fitted], y[fitted], PENALTIES[best], _rows(weights, fitted))
    return RidgeFit(weight, bias, float(PENALTIES[best]), predictions[best])


def _rows(weights: np.ndarray | None, chosen: np.ndarray) -> np.ndarray | None:
    return None if weights is None else weights[chosen]


def ridge_path(
    x: np.ndarray, y: np.ndarray, new: np.ndarray, penalties: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Predict new rows for each penalty from one eigendecomposition.

    With x and y centred, the prediction is new x^T (x x^T + a)^-1 y = new (x^T x + a)^-1 x^T y;
    the smaller of the two matrices is decomposed.

    Args:
        x: Inputs [N, R].
        y: Targets [N, Q].
        new: Inputs [M, R] to predict for.
        penalties: Penalties a, [A].
        weights: Weight of each row's squared error, [N]; None where all count alike.

    Returns:
        Predictions [A, M, Q].
    """
    x_mean, y_mean = (np.average(part, axis=0, weights=weights) for part in (x, y))
    x, new, y = x - x_mean, new - x_mean, y - y_mean
    if weights is not None:
        x, y = (part * np.sqrt(weights)[:, None] for part in (x, y))
    if len(x) <= x.shape[1]:
        values, vectors = np.linalg.eigh(x @ x.T)
        left, right = new @ (x.T @ vectors), vectors.T @ y
    else:
        values, vectors = np.linalg.eigh(x.T @ x)
        left, right = new @ vectors, vectors.T @ (x.T @ y)
    shrunk = [right / (values.clip(0) + penalty)[:, None] for penalty in penalties]
    predictions: np.ndarray = left @ np.stack(shrunk) + y_mean
    return predictions


def solve_ridge(
    x: np.ndarray, y: np.ndarray, penalty: float, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients [Q, R] and intercepts [Q] of a ridge regression of y [N, Q] on x [N, R]."""
    from sklearn.linear_model import Ridge

    fitted = Ridge(alpha=penalty).fit(x, y, sample_weight=weights)
    return np.atleast_2d(fitted.coef_), np.atleast_1d(fitted.intercept_)
