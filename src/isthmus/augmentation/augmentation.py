"""What an augmentation is, and the registry of augmentations."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from isthmus.registry import LazyRegistry

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Augmentation(ABC):
    """A random change of target samples that leaves their targets true; applied in training only.

    A subclass takes its own options as keywords; their names, types and defaults are what users can set.

    Attributes:
        moves: Whether positions change, so that targets with positions (fields, masks) would be wrong.
    """

    moves: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, x: "Tensor", generator: "Generator") -> "Tensor":
        """Change samples [B, C, L] or [B, C, H, W], each with random draws of its own.

        Args:
            x: Samples in the user's units.
            generator: Generator of the random draws, on the CPU.

        Returns:
            Changed samples of the same shape.
        """


augmentations: LazyRegistry[type[Augmentation]] = LazyRegistry(
    "augmentation", "isthmus.augmentation", variable="augmentations"
)
