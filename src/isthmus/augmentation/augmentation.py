"""What an augmentation is, and the registry of augmentations."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Generator, Tensor

from isthmus.registry import Registry


class Augmentation(ABC):
    """Changes target samples in ways that leave their targets true; in training only.

    A subclass takes its own options as keywords; their names, types and defaults are what users can set.

    Attributes:
        moves: whether positions change, so that targets with positions (fields, masks) would be wrong.
    """

    moves: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """[B, C, L] or [B, C, H, W] -> the same; every sample is drawn for itself.

        Args:
            x: in the user's units.
            generator: of the random draws, on the CPU.
        """


augmentations: Registry[type[Augmentation]] = Registry("augmentation", "isthmus.augmentation")
