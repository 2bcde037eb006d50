"""The task of a fold: training data without the samples that are held out, which are its test data."""

from dataclasses import replace

import numpy as np

from isthmus.tasks import Task


def labelled(task: Task) -> Task:
    """Return a task with all labelled samples that are not test data as training data."""
    fill = task.filled_from
    if task.validation is None or fill is None:
        return task.trained_on_all()

    def filled(numbers: np.ndarray) -> Task:
        return fill(numbers[numbers < len(task.train)]).trained_on_all()

    return replace(task.trained_on_all(), filled_from=filled)


def fold_task(task: Task, train: np.ndarray, held_out: np.ndarray) -> Task:
    """Return the task of a fold, which knows nothing of the samples that are held out.

    Args:
        task: Task without validation data of its own.
        train: Indices of the samples to train on.
        held_out: Indices of the samples that become test data.
    """
    part, fill = task.train.part(train), task.filled_from
    if fill is None:
        return replace(task.trained_on(part, None), test=task.train.part(held_out))

    def filled(numbers: np.ndarray) -> Task:
        found = fill(numbers)
        return replace(found, test=found.train.part(held_out))

    return replace(replace(task, filled_from=filled).trained_on(part, None), filled_from=filled)
