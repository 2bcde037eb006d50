"""Augmentations: target samples, changed a little at every step. This package knows tensors only."""

from isthmus.augmentation.augmentation import Augmentation, augmentations

__all__ = ["Augmentation", "augmentations"]
