"""How samples that belong together are divided: whole groups, or by time."""

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.seeding import derive_seed, numpy_generator

FoldPair = tuple[np.ndarray, np.ndarray]
"""Indices of the samples that a fold trains on, and of those that it holds out"""


@dataclass(frozen=True, eq=False)
class Cut(ABC):
    """What divides the samples of a split in two, or into the folds of a cross-validation.

    Attributes:
        keys: What it goes by, a row for each sample: [N, ...].
        how: What it does, in words.
    """

    keys: np.ndarray
    how: ClassVar[str]

    def part(self, indices: np.ndarray) -> "Cut":
        """Return what divides a part of the samples."""
        return type(self)(self.keys[indices])

    def joined(self, other: "Cut | None") -> "Cut | None":
        """Return what divides these samples and others together; None if that is not known."""
        if type(other) is not type(self):
            return None
        return type(self)(np.concatenate([self.keys, other.keys]))

    @abstractmethod
    def divide(self, classes: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the samples that stay and of those that are cut off, both in their order.

        Args:
            classes: Number of the class of each sample, zeros where there are none: [N].
            fraction: Part of the samples to cut off, in (0, 1).
            seed: Seed of every random draw.

        Raises:
            InputError: If they cannot be divided so that something stays and something is cut off.
        """

    @abstractmethod
    def folds(self, count: int) -> np.ndarray:
        """Return the number of the fold of each sample, [N]: `count` folds, or fewer.

        Raises:
            InputError: If there are not two folds.
        """

    @abstractmethod
    def fold_pairs(self, classes: np.ndarray, count: int, seed: int) -> list[FoldPair]:
        """Return `count` pairs of indices of samples to train on and of samples to hold out.

        Args:
            classes: Number of the class of each sample, zeros where there are none: [N].
            count: Number of folds, 2 or more.
            seed: Seed of every random draw.

        Raises:
            InputError: If there are too few groups, or too few samples in time.
        """


cuts: Registry[type[Cut]] = Registry("split", "isthmus.tasks")
"""Cuts by the names that a description gives them"""


@cuts.register("group")
class GroupCut(Cut):
    """Whole groups: samples of one group are never on both sides. `keys` holds group numbers, [N]."""

    how = "by whole groups"

    def divide(self, classes: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Take groups in random order, each that brings the classes nearer to their proportions."""
        names, groups = np.unique(self.keys, return_inverse=True)
        counts = np.zeros((len(names), classes.max() + 1))
        np.add.at(counts, (groups, classes), 1)
        sizes = counts.sum(0)
        order = numpy_generator(seed, "groups").permutation(len(names))
        chosen, taken = np.zeros(len(names), dtype=bool), np.zeros_like(sizes)
        for group in order:
            after = taken + counts[group]
            if _distance(after, fraction * sizes) < _distance(taken, fraction * sizes) and _leaves(
                sizes, after
            ):
                chosen[group], taken = True, after
        if not chosen.any():  # every group is larger than what is to be cut off
            possible = [group for group in order if _leaves(sizes, counts[group])]
            if not possible:
                raise InputError(
                    f"{len(names)} {'group' if len(names) == 1 else 'groups'} cannot be divided so that "
                    "every class stays in the training data; give more groups, or no group",
                    kind="conflict",
                    key="group",
                )
            chosen[min(possible, key=lambda group: float(counts[group].sum()))] = True
        return np.flatnonzero(~chosen[groups]), np.flatnonzero(chosen[groups])

    def folds(self, count: int) -> np.ndarray:
        """Deal groups out, the largest first, each to the smallest fold."""
        _, groups, sizes = np.unique(self.keys, return_inverse=True, return_counts=True)
        if len(sizes) < 2:
            raise InputError("cross-validation needs two groups or more", kind="conflict", key="group")
        filled = np.zeros(min(count, len(sizes)))
        fold = np.empty(len(sizes), dtype=np.int64)
        for group in np.argsort(-sizes, kind="stable"):
            fold[group] = filled.argmin()
            filled[fold[group]] += sizes[group]
        numbers: np.ndarray = fold[groups]
        return numbers

    def fold_pairs(self, classes: np.ndarray, count: int, seed: int) -> list[FoldPair]:
        """Deal groups out so that the classes of each fold are near to their proportions."""
        from sklearn.model_selection import StratifiedGroupKFold

        groups = len(np.unique(self.keys))
        if groups < count:
            raise InputError(
                f"{count} folds are more than the {groups} groups of the training data; give fewer folds",
                kind="conflict",
                key="folds",
            )
        if np.bincount(classes).max() < count:
            raise InputError(
                f"{count} folds are more than the samples of any class; give fewer folds",
                kind="conflict",
                key="folds",
            )
        state = derive_seed(seed, "folds") % 2**32
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=state)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a class with fewer samples than folds
            return list(splitter.split(classes, classes, self.keys))


@cuts.register("time")
class TimeCut(Cut):
    """The last samples are cut off. `keys` holds when each begins and ends, [N, 2].

    Samples that reach over the cut are on neither side, so that windows that overlap do not share points.
    """

    how = "by time"

    def divide(self, classes: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Cut off those that begin last."""
        begins = np.sort(self.keys[:, 0])
        first = begins[len(begins) - max(1, round(fraction * len(begins)))]
        stays, cut = self.keys[:, 1] < first, self.keys[:, 0] >= first
        if not stays.any():
            raise InputError(
                "no sample ends before the last ones begin; they cannot be divided by time",
                kind="conflict",
                key="time",
            )
        return np.flatnonzero(stays), np.flatnonzero(cut)

    def folds(self, count: int) -> np.ndarray:
        """Return consecutive folds."""
        if len(self.keys) < 2:
            raise InputError("cross-validation needs two samples or more", kind="conflict", key="time")
        order = np.lexsort((self.keys[:, 1], self.keys[:, 0]))
        numbers = np.empty(len(order), dtype=np.int64)
        for number, part in enumerate(np.array_split(order, min(count, len(order)))):
            numbers[part] = number
        return numbers

    def fold_pairs(self, classes: np.ndarray, count: int, seed: int) -> list[FoldPair]:
        """Hold out one stretch of time after the other, and train on what ended before it began.

        There are `count + 1` stretches; the first one is never held out, since nothing comes before it.
        """
        begins = np.unique(self.keys[:, 0])
        if len(begins) <= count:
            raise InputError(
                f"{count} folds in time are more than {len(begins)} points in time allow; give fewer folds",
                kind="conflict",
                key="folds",
            )
        starts = [part[0] for part in np.array_split(begins, count + 1)][1:]
        pairs = []
        for start, end in zip(starts, [*starts[1:], np.inf], strict=True):
            held_out = (self.keys[:, 0] >= start) & (self.keys[:, 0] < end)
            pairs.append((np.flatnonzero(self.keys[:, 1] < start), np.flatnonzero(held_out)))
        if not len(pairs[0][0]):
            raise InputError(
                "no sample ends before the first fold begins; give fewer folds, or shorter samples",
                kind="conflict",
                key="folds",
            )
        return pairs


def _distance(taken: np.ndarray, wanted: np.ndarray) -> float:
    """Return how far the numbers of samples of each class are from those that are wanted."""
    return float(np.abs(taken - wanted).sum())


def _leaves(sizes: np.ndarray, taken: np.ndarray) -> bool:
    """Return whether every class, of those that there are, keeps a sample."""
    return bool((sizes[sizes > 0] > taken[sizes > 0]).all())
