"""Test-time augmentation: randomly changed copies of the samples that are predicted."""

from collections.abc import Callable

import torch
from torch import Tensor

from isthmus.augmentation import Augmentation
from isthmus.errors import InputError
from isthmus.seeding import torch_generator

MOST = 1000
"""Copies of a sample, at most"""


def copier(augment: Augmentation | None, count: int, seed: int) -> Callable[[Tensor], Tensor]:
    """Return a function from samples [B, C, ...] to changed copies [B, A, C, ...].

    The copies of a sample depend on the sample and the seed alone, not on what is predicted beside it.

    Args:
        augment: Augmentation of the run.
        count: Number of copies of each sample, A.
        seed: Seed of every random draw.

    Raises:
        InputError: If the run has no augmentation, or the number makes no sense.
    """
    if not 0 < count <= MOST:
        raise InputError(f"augmentations is {count}; give 1 to {MOST}", key="augmentations")
    if augment is None:
        message = "the run was trained without an augmentation, so there is none to average over"
        raise InputError(
            f"{message}; leave augmentations out, or train with augment=jitter",
            kind="missing",
            key="augmentations",
        )

    def copies(x: Tensor) -> Tensor:
        return torch.stack(
            [augment(one.expand(count, *one.shape), torch_generator(seed, "predicting")) for one in x]
        )

    return copies
