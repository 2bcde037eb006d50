"""Labelled pictures from formulas: which classes there are, and how grey ink becomes a coloured image."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from isthmus.seeding import torch_generator
from isthmus.sources.procedural import contours, curves, fractals, textures

Family = Callable[[int, int, int, Generator], Tensor]
"""(class number, how many, size, generator) -> pictures [how many, size, size] in [0, 1].

The class number alone determines the formula; the generator draws what varies within the class.
"""

FAMILIES: dict[str, Family] = {
    "fractal": fractals.draw,
    "contour": contours.draw,
    "curve": curves.draw,
    "texture": textures.draw,
}

WHITE_ON_BLACK, BLACK_ON_WHITE = 0.6, 0.1  # shares of the pictures; the rest have two colours of their own


def class_names(per_family: int) -> tuple[str, ...]:
    """Return names such as `fractal-003` of the first `per_family` classes of every family."""
    return tuple(f"{family}-{number:03d}" for family in FAMILIES for number in range(per_family))


def ink(name: str, count: int, size: int, seed: int) -> Tensor:
    """Draw grey pictures [count, size, size] uint8 of the class `name`."""
    family, number = name.rsplit("-", 1)
    generator = torch_generator(seed, "ink", name)
    return FAMILIES[family](int(number), count, size, generator).mul(255).round().to(torch.uint8)


def unit(pictures: np.ndarray) -> Tensor:
    """Convert grey pictures uint8 to ink in [0, 1]."""
    return torch.from_numpy(pictures).float() / 255


def jitter(pictures: Tensor, generator: Generator) -> Tensor:
    """Move, stretch and thicken pictures, which should not change their classes.

    Args:
        pictures: Ink [B, H, W] in [0, 1].
        generator: Generator of the draws.

    Returns:
        Ink [B, H, W] in [0, 1]: moved by up to a tenth of the frame, stretched by up to a fifth along each
        axis, and in half of the pictures with lines a pixel wider on every side.
    """
    count = len(pictures)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = 0.8 + 0.4 * torch.rand(2, count, generator=generator)
    theta[:, :, 2] = 0.4 * torch.rand(count, 2, generator=generator) - 0.2
    grid = F.affine_grid(theta, [count, 1, *pictures.shape[1:]], align_corners=False)
    moved = F.grid_sample(pictures[:, None], grid, align_corners=False)
    wider = F.max_pool2d(moved, 3, stride=1, padding=1)
    thicken = torch.rand(count, 1, 1, 1, generator=generator) < 0.5
    return torch.where(thicken, wider, moved)[:, 0]


def colour(pictures: Tensor, generator: Generator) -> Tensor:
    """Give every picture a ground and an ink colour: most white on black, some black on white or any two.

    Args:
        pictures: Ink [B, H, W] in [0, 1].
        generator: Generator of the draws.

    Returns:
        Pictures [B, 3, H, W] in [0, 1].
    """
    count = len(pictures)
    ground, other = torch.rand(2, count, 3, 1, 1, generator=generator)
    close = (ground - other).abs().mean(1, keepdim=True) < 0.3
    other = torch.where(close, (other + 0.5) % 1.0, other)
    style = torch.rand(count, 1, 1, 1, generator=generator)
    light, dark = style < WHITE_ON_BLACK, style > 1 - BLACK_ON_WHITE
    ground = torch.where(light, 0.0, torch.where(dark, 1.0, ground))
    other = torch.where(light, 1.0, torch.where(dark, 0.0, other))
    return ground + (other - ground) * pictures[:, None]


def labelled(per_family: int, each: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `each` grey pictures [N, size, size] uint8 of every class, and labels [N] int64, by class."""
    names = class_names(per_family)
    pictures = torch.cat([ink(name, each, size, seed) for name in names])
    return pictures.numpy(), np.repeat(np.arange(len(names)), each)
