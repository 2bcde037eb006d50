"""Small random changes of value."""

import torch
from torch import Generator, Tensor

from isthmus.augmentation.augmentation import Augmentation, augmentations
from isthmus.errors import InputError
from isthmus.seeding import generator_on


@augmentations.register("jitter")
class Jitter(Augmentation):
    """Scale every channel about its mean by a factor near 1, and add white noise (Um et al., ICMI 2017).

    Mean and deviation are those of the batch, so that neither the unit nor the zero of the data matters.

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
        wide = x.double()  # squares leave the range of float32
        spread, centre = torch.std_mean(wide, (0, *axes), correction=0, keepdim=True)
        factor = 1 + self.scale * torch.randn(x.shape[:2], generator=generator)
        there = generator_on(x.device, generator)
        noise = self.noise * torch.randn(x.shape, generator=there, device=x.device)
        factor = factor.view(*x.shape[:2], *[1] * len(axes))
        return (centre + (wide - centre) * factor.to(wide) + noise.to(wide) * spread).to(x)
