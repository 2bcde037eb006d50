"""Samples as they are."""

from torch import Generator, Tensor

from isthmus.augmentation.augmentation import Augmentation, augmentations


@augmentations.register("none")
class NoAugmentation(Augmentation):
    """Samples as they are."""

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        return x
