"""Target samples, seen a little differently at every step. Knows tensors only."""

from isthmus.augmentation.augmentation import Augmentation, augmentations

__all__ = ["Augmentation", "augmentations"]
