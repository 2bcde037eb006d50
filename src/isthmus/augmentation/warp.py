"""Small random changes of place: a series at an uneven pace, a picture moved and turned a little."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from isthmus.augmentation.augmentation import Augmentation, augmentations
from isthmus.errors import InputError

WAVES = 3  # sines that make up the uneven pace
TURN, SHIFT, STRETCH = 0.15, 0.075, 0.1  # of a picture at strength 1: radians, of its size, of its size


@augmentations.register("warp")
class Warp(Augmentation):
    """Resample at places that are moved smoothly and a little.

    Of a series a window is taken (window slicing; Le Guennec et al., 2016) and drawn to full length at an
    uneven pace (window warping, time warping; Um et al., ICMI 2017). A picture is turned, moved and
    stretched, and never mirrored. Positions outside of the sample repeat its edge.

    Args:
        window: Largest part of its length that a series loses.
        pace: Standard deviation of a series' places against an even pace, as a part of its length.
        strength: Strength of all changes of a picture; 1 turns by up to 9 degrees, moves by up to 7.5 %.
    """

    moves = True

    def __init__(self, *, window: float = 0.2, pace: float = 0.03, strength: float = 1.0) -> None:
        if not 0 <= window < 1:
            raise InputError(
                f"warp's window is {window}; the part that is lost lies in [0, 1)", key="augment.window"
            )
        for name, value in (("pace", pace), ("strength", strength)):
            if value < 0:
                raise InputError(f"warp's {name} is {value}; it is 0 or more", key=f"augment.{name}")
        self.window, self.pace, self.strength = window, pace, strength

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Change samples [B, C, L] or [B, C, H, W]."""
        return self._series(x, generator) if x.dim() == 3 else self._pictures(x, generator)

    def _series(self, x: Tensor, generator: Generator) -> Tensor:
        batch, _, length = x.shape
        left, size = torch.rand(2, batch, 1, generator=generator)
        size = 1 - self.window * size
        even = torch.linspace(0, 1, length)
        wave = torch.arange(1, WAVES + 1)[:, None]
        amplitude = self.pace * torch.randn(batch, WAVES, generator=generator)
        uneven = (amplitude / wave.T) @ torch.sin(math.pi * wave * even)  # 0 at both ends
        place = ((1 - size) * left + size * even + uneven).clamp(0, 1)
        return _resample(x, place.to(x) * (length - 1))

    def _pictures(self, x: Tensor, generator: Generator) -> Tensor:
        draws = self.strength * (2 * torch.rand(5, len(x), generator=generator) - 1)
        turn, (right, down), (wide, high) = TURN * draws[0], 2 * SHIFT * draws[1:3], 1 + STRETCH * draws[3:5]
        rows = (wide * turn.cos(), -high * turn.sin(), right), (wide * turn.sin(), high * turn.cos(), down)
        matrix = torch.stack([torch.stack(row, 1) for row in rows], 1).to(x)
        grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def _resample(x: Tensor, place: Tensor) -> Tensor:
    """Interpolate series [B, C, L] linearly at places [B, L] in [0, L - 1]."""
    left = place.floor().clamp(max=x.shape[2] - 2)
    share = (place - left)[:, None]
    at = left.long()[:, None].expand_as(x)
    return x.gather(2, at) * (1 - share) + x.gather(2, at + 1) * share
