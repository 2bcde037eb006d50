"""Logistic regression on all values of a sample."""

import math

import numpy as np
from sklearn.linear_model import LogisticRegression as Model

from isthmus.floors import floors
from isthmus.floors.columns import Columns
from isthmus.floors.floor import MOST_SAMPLES, Fitted, Floor
from isthmus.tasks import Split, Task

STRENGTHS = np.logspace(-3, 2, 6)
"""Inverse penalties C to choose from"""
ITERATIONS = 200
MOST_WORK = 10_000_000
"""Samples times columns times classes: a tenth of a second for each of the 31 fits"""


@floors.register("logistic-regression")
class LogisticRegression(Floor):
    """Logistic regression on standardised columns (scikit-learn); penalty by cross-validated log loss."""

    def takes(self, task: Task) -> bool:
        """Take classes, one for each sample."""
        return task.stratified

    def most_samples(self, task: Task) -> int:
        """Bound samples times classes times columns, of which no more count than there are samples."""
        work = MOST_WORK // task.output.channels
        return min(MOST_SAMPLES, max(math.isqrt(work), work // math.prod(task.input_shape)))

    def fit(self, task: Task, train: Split, y: np.ndarray, fold: np.ndarray, seed: int) -> Fitted:
        """Choose the penalty and fit."""
        columns, labels, classes = Columns(train), y.argmax(1), y.shape[1]
        rows, axes = columns.train, np.eye(columns.train.shape[1])
        if rows.shape[1] > len(rows):  # turned into the span of the samples: the same fit, in fewer columns
            axes = np.linalg.svd(rows, full_matrices=False)[2].T
            rows = rows @ axes
        out_of_fold = np.empty((len(STRENGTHS), *y.shape))
        for number in np.unique(fold):
            inside = fold != number
            for found, strength in zip(out_of_fold, STRENGTHS, strict=True):
                fitted = fit_classes(rows[inside], labels[inside], strength)
                found[~inside] = probabilities(fitted, rows[~inside], classes)
        of_label = out_of_fold[:, np.arange(len(labels)), labels]
        best = int(np.log(of_label.clip(1e-12)).mean(1).argmax())
        fitted = fit_classes(rows, labels, STRENGTHS[best])
        return Fitted(
            lambda x: 2 * probabilities(fitted, columns(x) @ axes, classes) - 1,
            2 * out_of_fold[best] - 1,
            columns.note,
        )


def fit_classes(x: np.ndarray, labels: np.ndarray, strength: float) -> Model | int:
    """Fit a logistic regression to columns [N, R] and classes [N]; return the class if there is but one."""
    if len(np.unique(labels)) == 1:
        return int(labels[0])
    return Model(C=strength, max_iter=ITERATIONS).fit(x, labels)


def probabilities(fitted: Model | int, x: np.ndarray, classes: int) -> np.ndarray:
    """Return the probabilities of all classes, [M, K]; classes that were not fitted to have none."""
    found = np.zeros((len(x), classes))
    if isinstance(fitted, int):
        found[:, fitted] = 1
    else:
        found[:, fitted.classes_] = fitted.predict_proba(x)
    return found
