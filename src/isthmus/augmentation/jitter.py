"""Small random changes of value."""

import torch
from torch import Generator, Tensor

from isthmus.augmentation.augmentation import Augmentation, augmentations
from isthmus.errors import InputError


@augmentations.register("jitter")
class Jitter(Augmentation):
    """Scale every channel by a factor near 1, and add white noise (Um et al., ICMI 2017).

    Args:
        scale: Standard deviation of the factor.
        noise: Standard deviation of the noise, as a part of the channel's in the batch.
    """

    def __init__(self, *, scale: float = 0.1, noise: float = 0.03) -> None:
        for name, value in (("scale", scale), ("noise", noise)):
            if value < 0:
                raise InputError(
                    f"jitter's {name} is {value}; a standard deviation is 0 or more", key=f"augment.{name}"
                )
        self.scale, self.noise = scale, noise

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Change samples [B, C, L] or [B, C, H, W]."""
        axes = tuple(range(2, x.dim()))
        spread = x.double().std((0, *axes), correction=0, keepdim=True).to(x)  # squares leave float32
        factor = 1 + self.scale * torch.randn(x.shape[:2], generator=generator)
        noise = self.noise * torch.randn(x.shape, generator=generator)
        return x * factor.view(*x.shape[:2], *[1] * len(axes)).to(x) + noise.to(x) * spread
