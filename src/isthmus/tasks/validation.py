"""Validation data, cut from the training data; test data is never touched."""

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.tasks.task import Split


def split_validation(split: Split, fraction: float, seed: int, stratify: bool) -> tuple[Split, Split | None]:
    """Cut validation samples from `split`; what is left and what was cut keep their order.

    Args:
        split: the training data.
        fraction: of the samples to cut, in [0, 1); at least one is cut, and at least one left.
        seed: of the choice; the same seed makes the same cut.
        stratify: keep the shares of the classes (y must be [N], class numbers). Every class keeps at
            least one training sample.

    Returns:
        Training and validation data, disjoint and together the whole; None for validation if `fraction` is 0.

    Raises:
        InputError: if `fraction` is outside [0, 1), or too few samples are left to cut from.
    """
    if not 0 <= fraction < 1:
        raise InputError(f"the validation fraction is {fraction}; it must be in [0, 1)")
    if fraction == 0:
        return split, None
    groups = np.asarray(split.y) if stratify else np.zeros(len(split), dtype=np.int64)
    cut = _how_many(np.bincount(groups), fraction)
    if not cut.any():
        raise InputError("too few samples to cut validation data from; give more, or validation fraction 0")
    order = numpy_generator(seed, "validation").permutation(len(split))
    chosen = np.zeros(len(split), dtype=bool)
    for group, count in enumerate(cut):
        chosen[order[groups[order] == group][:count]] = True
    return split.part(np.flatnonzero(~chosen)), split.part(np.flatnonzero(chosen))


def _how_many(sizes: np.ndarray, fraction: float) -> np.ndarray:
    """Samples to cut from each group, by largest remainder; every group keeps one."""
    quota = fraction * sizes
    cut = np.floor(quota).astype(np.int64)
    rest = max(1, round(quota.sum())) - cut.sum()
    room = np.flatnonzero(cut < sizes - 1)
    most = np.argsort((cut - quota)[room], kind="stable")[: max(0, rest)]
    cut[room[most]] += 1
    return cut
