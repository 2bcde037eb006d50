"""Folds of a cross-validation: every class in each training part, groups whole, time in its order."""

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import derive_seed
from isthmus.tasks.cuts import FoldPair
from isthmus.tasks.task import Task


def fold_pairs(task: Task, count: int, seed: int) -> list[FoldPair]:
    """Divide the training data of a task into folds; each is held out once, and trained on by the others.

    Where a sample has one class, the class proportions are kept. Of data that is divided by time, a fold
    trains on what came before it alone.

    Args:
        task: Target problem.
        count: Number of folds.
        seed: Seed of every random draw.

    Returns:
        For each fold the indices of the samples to train on and of those that are held out, in their order.

    Raises:
        InputError: If there are too few samples, groups or points in time, or a class would be missing where
            it is to be learnt.
    """
    if count < 2:
        raise InputError(f"folds is {count}; give 2 or more", key="folds")
    split = task.train
    classes = np.zeros(len(split), dtype=np.int64)
    if task.stratified:
        classes = np.asarray(split.y[np.arange(len(split))])
    if split.cut is None:
        pairs = _at_random(classes, count, seed)
    else:
        pairs = split.cut.fold_pairs(classes, count, seed)
    for number, (train, _) in enumerate(pairs, 1):
        lacking = np.setdiff1d(classes, classes[train])
        if len(lacking):
            raise InputError(
                f"fold {number} of {count} would train without the class '{task.classes[lacking[0]]}'; give"
                " fewer folds, or more samples of it",
                kind="conflict",
                key="folds",
            )
    return pairs


def _at_random(classes: np.ndarray, count: int, seed: int) -> list[FoldPair]:
    """Return folds with the proportions of the classes [N]."""
    from sklearn.model_selection import StratifiedKFold

    sizes = np.bincount(classes)
    smallest = int(sizes[sizes > 0].min())
    if count > smallest:
        whose = "the rarest class" if classes.any() else "the training data"
        raise InputError(
            f"{count} folds are more than the {smallest} samples of {whose}; give fewer folds",
            kind="conflict",
            key="folds",
        )
    state = derive_seed(seed, "folds") % 2**32
    return list(StratifiedKFold(count, shuffle=True, random_state=state).split(classes, classes))
