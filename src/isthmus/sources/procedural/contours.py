"""Closed contours that wave around a circle, a class for each pair of frequencies and number of lines.

The family is from Takashima et al., "Visual atoms: pre-training vision transformers with sinusoidal waves"
(CVPR 2023).
"""

import math

import torch
from torch import Generator, Tensor

from isthmus.drawing import draw_points
from isthmus.seeding import numpy_generator

POINTS = 400


def draw(number: int, count: int, size: int, generator: Generator) -> Tensor:
    """Draw pictures of one class: amplitudes, phases, centre and radius vary.

    Args:
        number: Number of the class.
        count: Number of pictures.
        size: Height and width.
        generator: Generator of the draws.

    Returns:
        Pictures [count, size, size] in [0, 1].
    """
    rng = numpy_generator("contour", number)
    lines = int(rng.integers(1, 5))
    frequencies = torch.from_numpy(rng.integers(1, 18, 2)).float()
    balance, spacing = rng.uniform(0.2, 0.8), rng.uniform(0.03, 0.12)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    angle = torch.linspace(0, 2 * math.pi, POINTS + 1)[:-1]
    phase = uniform(0, 2 * math.pi, 2, 1)
    share = torch.tensor([balance, 1 - balance])[:, None]
    wave = (share * torch.sin(frequencies[:, None] * angle + phase)).sum(1)  # [count, POINTS]
    rings = torch.arange(lines) * spacing
    radius = uniform(0.22, 0.34, 1, 1) - rings[:, None]
    radius = radius.clamp_min(0.04) * (
        1 + uniform(0.15, 0.45, 1, 1) * wave[:, None]
    )  # [count, lines, POINTS]
    squeeze, centre = uniform(0.75, 1.0, 1, 1), uniform(0.4, 0.6, 2, 1, 1)
    x = centre[:, 0] + radius * angle.cos()
    y = centre[:, 1] + squeeze * radius * angle.sin()
    ink = draw_points(x.flatten(1), y.flatten(1), size)
    return ink.mul(uniform(0.5, 1.5, 1, 1)).clamp(0, 1)
