"""Partial least squares, the usual method for spectra."""

import numpy as np
from sklearn.cross_decomposition import PLSRegression

from isthmus.floors import floors
from isthmus.floors.columns import Columns
from isthmus.floors.floor import Fitted, Floor, is_short
from isthmus.tasks import Split, Task

MOST_COMPONENTS = 20


@floors.register("pls")
class PLS(Floor):
    """Partial least squares regression on standardised columns (scikit-learn).

    The number of components, 20 at most, is that of the least squared error in cross-validation.
    """

    def takes(self, task: Task) -> bool:
        """Take a few numbers for each sample."""
        return task.kind == "regression" and is_short(task)

    def fit(self, task: Task, train: Split, y: np.ndarray, fold: np.ndarray, seed: int) -> Fitted:
        """Choose the number of components and fit."""
        columns, targets = Columns(train), y.reshape(len(y), -1).astype(np.float64)
        rows, sizes = columns.train, np.bincount(fold)
        most = max(1, min(MOST_COMPONENTS, rows.shape[1], len(rows) - int(sizes.max()) - 1))
        out_of_fold = np.empty((most, *targets.shape))
        for number in np.unique(fold):
            inside = fold != number
            out_of_fold[:, ~inside] = component_path(rows[inside], targets[inside], rows[~inside], most)
        best = int(np.square(out_of_fold - targets).mean((1, 2)).argmin())
        fitted = PLSRegression(best + 1, scale=False).fit(rows, targets)
        size = y.shape[1:]
        return Fitted(
            lambda x: fitted.predict(columns(x)).reshape(len(x), *size),
            out_of_fold[best].reshape(y.shape),
            columns.note,
        )


def component_path(x: np.ndarray, y: np.ndarray, new: np.ndarray, most: int) -> np.ndarray:
    """Predict new rows with 1 to `most` components from one fit, since components do not change as more come.

    Args:
        x: Inputs [N, R].
        y: Targets [N, Q].
        new: Inputs [M, R] to predict for.
        most: Largest number of components, A.

    Returns:
        Predictions [A, M, Q].
    """
    fitted = PLSRegression(most, scale=False).fit(x, y)
    scores = (new - x.mean(0)) @ fitted.x_rotations_
    parts = scores.T[:, :, None] * fitted.y_loadings_.T[:, None]
    predictions: np.ndarray = y.mean(0) + parts.cumsum(0)
    return predictions
