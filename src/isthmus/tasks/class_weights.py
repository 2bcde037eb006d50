"""Weights under which every class counts alike in the training loss, however many samples it has."""

from dataclasses import replace

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.losses import weighted_losses
from isthmus.tasks.problem_types import problem_types
from isthmus.tasks.task import Split, Task

ROWS = 1024
"""Targets that are read at a time"""


def with_balanced_classes(task: Task) -> Task:
    """Return a task in whose training loss every class has the same weight in total.

    A class with n of N training samples gets the weight N / (K n), which scikit-learn calls "balanced". Where
    a sample has one class, this becomes the weight of the sample; else it weighs each label, or position.

    Raises:
        InputError: If the task has no classes, or a loss with weights of its own.
    """
    weights = balanced_weights(task)
    if task.stratified:
        y = np.asarray(task.train.y[np.arange(len(task.train))])
        by_sample = weights[y] * (1.0 if task.train.weights is None else task.train.weights)
        return replace(task, train=replace(task.train, weights=by_sample / by_sample.mean()))
    if task.loss not in weighted_losses:
        raise InputError(
            f"the loss '{task.loss}' of '{task.name}' has weights of its own; leave class_weights out",
            kind="conflict",
            key="class_weights",
        )
    return replace(task, class_weights=weights)


def balanced_weights(task: Task) -> np.ndarray:
    """Return the weight of each class, [K]; for labels those of an absent and of a present one, [2, K]."""
    counts = class_counts(task.train, task)
    weights = np.zeros(counts.shape)
    np.divide(counts.sum(0), len(counts) * counts, out=weights, where=counts > 0)
    return weights


def class_counts(split: Split, task: Task) -> np.ndarray:
    """Count each class over samples and positions, [K]; for labels the absent and the present ones, [2, K].

    Raises:
        InputError: If the task has no classes.
    """
    kind, starts = problem_types[task.kind](), range(0, len(split), ROWS)
    parts = (np.asarray(split.y[np.arange(start, min(start + ROWS, len(split)))]) for start in starts)
    counts: np.ndarray = np.sum([kind.count_classes(part, task.output.channels) for part in parts], axis=0)
    return counts
