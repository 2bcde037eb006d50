"""Dividing samples into training and test data: at random, by whole groups, or by time."""

from collections.abc import Mapping

import numpy as np

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.seeding import derive_seed
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.tasks.cuts import Cut, GroupCut, TimeCut, cuts
from isthmus.tasks.task import Split, split_validation

RANDOM = "random"


def checked_split(description: Description, train: Samples) -> str:
    """Return what cuts go by: what was asked for, or what keeps together what belongs together.

    Windows of one recording share its noise, and overlapping ones share points: without another word, whole
    recordings are divided, and a single one by time.

    Raises:
        InputError: If the name is unknown, or groups were named that such a cut would tear apart.
    """
    split = description.split
    if split is None:
        if description.group is not None:
            return "group"
        several = train.groups is not None and len(np.unique(train.groups)) > 1
        return ("group" if several else "time") if description.window else RANDOM
    if split != RANDOM:
        cuts[split]
    if description.group is not None and split != "group":
        raise InputError(
            f"a group is never on both sides of a cut, and split is {split}; leave out group or split",
            kind="conflict",
            key="split",
        )
    if split == "group" and train.groups is None:
        raise InputError("split is group; give the name of what samples belong to: --group", key="group")
    return split


def cut_of(samples: Samples, split: str) -> Cut | None:
    """Return what divides samples; None to divide them at random."""
    makers = {"group": _by_group, "time": _by_time}
    return makers[split](samples) if split in makers else None


def _by_group(samples: Samples) -> Cut:
    assert samples.groups is not None
    return GroupCut(np.unique(samples.groups, return_inverse=True)[1].astype(np.int64))


def _by_time(samples: Samples) -> Cut:
    """Return a cut by time, or by the order of the samples where they have no times."""
    times = np.arange(len(samples), dtype=float) if samples.times is None else samples.times
    return TimeCut(np.stack([times, times], 1) if times.ndim == 1 else times)


def hold_out(
    samples: Samples, fraction: float, split: str, seed: int, stratify: bool
) -> tuple[Samples, Samples]:
    """Cut test data from training data as validation data is cut.

    Args:
        samples: All samples.
        fraction: Part of them to hold out.
        split: What the cut goes by.
        seed: Seed of the choice.
        stratify: Whether to keep the proportions of classes.

    Raises:
        InputError: If there are too few samples, or groups.
    """
    y = samples.y
    classes = np.unique(y, return_inverse=True)[1] if stratify and y.ndim == 1 else np.zeros(len(y), int)
    numbered = Split(np.arange(len(y)), classes, cut_of(samples, split))
    try:
        train, test = split_validation(numbered, fraction, derive_seed(seed, "test"), stratify=True)
    except InputError as error:
        if error.key != "validation":
            raise
        raise InputError(
            f"too few samples, {len(y)}, to hold out test data; a class needs two",
            kind="conflict",
            key="hold_out",
        ) from None
    assert test is not None
    return samples.part(train.x), samples.part(test.x)


def shared_groups(parts: Mapping[str, Samples]) -> list[str]:
    """Tell of groups that are in the training data and in test data that were given."""
    if "test" not in parts or parts["train"].groups is None or parts["test"].groups is None:
        return []
    both = np.intersect1d(parts["train"].groups, parts["test"].groups)
    if not len(both):
        return []
    return [f"{len(both)} groups, such as {both[0]}, are in the training and in the test data"]
