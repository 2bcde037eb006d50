"""What a floor is: it says which tasks it takes, and is fitted to training samples in seconds."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isthmus.tasks import Split, Task

MOST_NUMBERS = 64
"""Largest number of values of a target for floors that work on each of them"""

LEAST_SAMPLES, MOST_SAMPLES = 1000, 10_000
MOST_VALUES = 4_000_000
"""Number of values of all samples that bounds how many there are, between these two"""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A floor after it was fitted.

    Attributes:
        predict: Function from samples [M, C, ...] to numbers [M, C', *size], in units of their deviation.
        out_of_fold: Out-of-fold predictions (of a forest: out-of-bag) for the training samples,
            [N, C', *size], in the same units.
        note: What was made smaller to stay within seconds, in a few words.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    out_of_fold: np.ndarray
    note: str = ""


class Floor(ABC):
    """A simple predictor, which is fitted in seconds.

    Whatever it chooses it chooses by cross-validation on training samples.
    """

    def takes(self, task: Task) -> bool:
        """Return whether the floor is made for tasks of this kind."""
        return True

    def excess(self, task: Task, samples: int) -> str | None:
        """Return why it is left out for a task that it takes, in a few words; None where it is not.

        Args:
            task: Target problem.
            samples: Number of samples that it would be fitted to or predict.
        """
        return None

    def most_samples(self, task: Task) -> int:
        """Return the number of training samples that it is fitted to at most."""
        return max(LEAST_SAMPLES, min(MOST_SAMPLES, MOST_VALUES // math.prod(task.input_shape)))

    @abstractmethod
    def fit(self, task: Task, train: Split, y: np.ndarray, fold: np.ndarray, seed: int) -> Fitted:
        """Fit the floor.

        Args:
            task: Target problem.
            train: Training samples.
            y: Their targets as numbers [N, C', *size], in units of their deviation: -1 and 1 for classes and
                labels.
            fold: Number of the fold of each sample in cross-validation, [N].
            seed: Seed of random draws.
        """


def count(task: Task) -> int:
    """Count the values of a target: channels times positions."""
    return task.output.channels * math.prod(task.output.size)


def is_short(task: Task) -> bool:
    """Return whether a target is one class, or at most `MOST_NUMBERS` labels or numbers."""
    return task.stratified or count(task) <= MOST_NUMBERS
