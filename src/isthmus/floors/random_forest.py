"""A random forest on all values of a sample."""

import math

import numpy as np
import torch
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from isthmus.floors import floors
from isthmus.floors.columns import Columns
from isthmus.floors.floor import LEAST_SAMPLES, Fitted, Floor, is_short
from isthmus.floors.logistic_regression import probabilities
from isthmus.tasks import Split, Task

TREES = 100
MOST_TRIED = 100
MOST_WORK = 100_000


@floors.register("random-forest")
class RandomForest(Floor):
    """A forest of 100 trees (scikit-learn); what it says of samples left out is its out-of-bag prediction.

    A split is chosen from the root of the number of columns for classes, and from a third of them, 100 at
    most, for labels and numbers.
    """

    def takes(self, task: Task) -> bool:
        """Take classes, and a few labels or numbers for each sample."""
        return is_short(task)

    def most_samples(self, task: Task) -> int:
        """Bound samples times columns tried at a split."""
        bound = super().most_samples(task)
        tried = columns_tried(math.prod(task.input_shape))
        return bound if task.stratified else min(bound, max(LEAST_SAMPLES, MOST_WORK // tried))

    def fit(self, task: Task, train: Split, y: np.ndarray, fold: np.ndarray, seed: int) -> Fitted:
        """Grow the trees."""
        columns = Columns(train)
        settings = {
            "n_estimators": TREES,
            "oob_score": True,
            "random_state": seed,
            "n_jobs": torch.get_num_threads(),
        }
        if task.stratified:
            forest = RandomForestClassifier(**settings).fit(columns.train, y.argmax(1))
            out_of_fold = np.zeros(y.shape)
            out_of_fold[:, forest.classes_] = forest.oob_decision_function_
            forest.n_jobs = 1  # threads would add up the trees in any order
            return Fitted(
                lambda x: 2 * probabilities(forest, columns(x), y.shape[1]) - 1,
                2 * out_of_fold - 1,
                columns.note,
            )
        tried = columns_tried(columns.train.shape[1])
        targets = y.reshape(len(y), -1)
        forest = RandomForestRegressor(max_features=tried, **settings)
        forest.fit(columns.train, targets[:, 0] if targets.shape[1] == 1 else targets)
        forest.n_jobs = 1
        size = y.shape[1:]
        return Fitted(
            lambda x: forest.predict(columns(x)).reshape(len(x), *size),
            forest.oob_prediction_.reshape(y.shape),
            columns.note,
        )


def columns_tried(columns: int) -> int:
    """Return the number of columns that a split of a regression tree is chosen from."""
    return max(1, min(MOST_TRIED, columns // 3))
