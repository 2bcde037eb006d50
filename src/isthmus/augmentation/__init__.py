"""Augmentations: target samples, changed a little at every step. This package knows tensors only."""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.augmentation.augmentation import Augmentation, augmentations

__all__ = ["Augmentation", "augmentations"]

__getattr__ = lazy_names(__name__)
