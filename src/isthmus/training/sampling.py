"""In which order an epoch goes through the training samples."""

import math
from collections.abc import Callable

import numpy as np

from isthmus.tasks import Split

Sampling = Callable[[Split, int, np.random.Generator], np.ndarray]
"""(training samples, how many are needed, generator) -> their numbers in order"""


def shuffled(split: Split, needed: int, rng: np.random.Generator) -> np.ndarray:
    """Pass over all samples in a fresh order, as often as is needed."""
    return _passes(np.arange(len(split)), needed, rng)


def balanced(split: Split, needed: int, rng: np.random.Generator) -> np.ndarray:
    """Take every class equally often (y must be class numbers [N]), the samples of each in a fresh order.

    Where the number that is needed is no multiple of the number of classes, some classes, which are drawn,
    have one sample more.
    """
    y = np.asarray(split.y[np.arange(len(split))])
    present = rng.permutation(np.unique(y))
    shares = needed // len(present) + (np.arange(len(present)) < needed % len(present))
    parts = [
        _passes(np.flatnonzero(y == one), share, rng) for one, share in zip(present, shares, strict=True)
    ]
    order: np.ndarray = rng.permutation(np.concatenate(parts))
    return order


def _passes(samples: np.ndarray, needed: int, rng: np.random.Generator) -> np.ndarray:
    """Return samples in a fresh order, again and again until there are as many as needed."""
    passes = [rng.permutation(samples) for _ in range(math.ceil(needed / len(samples)))]
    order: np.ndarray = np.concatenate([samples[:0], *passes])[:needed]
    return order


SAMPLINGS: dict[str, Sampling] = {"shuffled": shuffled, "balanced": balanced}
"""By the values of the setting `sampling`"""
