"""Attractors of iterated function systems, a class for each system.

The family is from Kataoka et al., "Pre-training without natural images" (ACCV 2020); the systems are drawn
as in Anderson and Farrell, "Improving fractal pre-training" (WACV 2022), section 3: the sum of the singular
values is such that attractors are well spread, so that none has to be rejected.
"""

import math

import torch
from torch import Generator, Tensor

from isthmus.drawing import draw_points
from isthmus.seeding import numpy_generator

CHAINS = 64  # points that walk in parallel
STEPS = 80
BURN_IN = 12


def draw(number: int, count: int, size: int, generator: Generator) -> Tensor:
    """Draw pictures of one system: the maps vary by up to a tenth, the picture is turned and mirrored.

    Args:
        number: Number of the class.
        count: Number of pictures.
        size: Height and width.
        generator: Generator of the draws.

    Returns:
        Pictures [count, size, size] in [0, 1].
    """
    linear, shift, weight = _system(number)
    maps = linear.shape[0]
    linear = linear * (1 + 0.1 * (2 * torch.rand(count, maps, 1, 1, generator=generator) - 1))
    shift = shift.expand(count, maps, 2)
    choice = torch.multinomial(weight, count * STEPS * CHAINS, replacement=True, generator=generator)
    choice = choice.view(STEPS, count, CHAINS)
    sample = torch.arange(count)[:, None]
    point = torch.zeros(count, CHAINS, 2)
    walked = []
    for step in range(STEPS):
        a, b = linear[sample, choice[step]], shift[sample, choice[step]]
        point = (a * point[..., None, :]).sum(-1) + b
        if step >= BURN_IN:
            walked.append(point)
    cloud = _turn(torch.cat(walked, dim=1), generator)
    x, y = _fill_frame(cloud)
    return draw_points(x, y, size).mul(1.5).clamp(0, 1)


def _system(number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw the maps of a class: linear parts [M, 2, 2], shifts [M, 2], probabilities [M]."""
    rng = numpy_generator("fractal", number)
    maps = int(rng.integers(2, 6))
    low, high = (5 + maps) / 2, (6 + maps) / 2  # for the sum of sigma_1 + 2 sigma_2 over the maps
    total = rng.uniform(low, high)
    while True:
        sigma = torch.from_numpy(rng.uniform(0, 1, (maps, 2))).float().sort(dim=1, descending=True).values
        sigma = sigma * total / (sigma[:, 0] + 2 * sigma[:, 1]).sum()
        if sigma.max() < 0.98:
            break
    turns = torch.from_numpy(rng.uniform(0, 2 * math.pi, (2, maps))).float()
    signs = torch.from_numpy(rng.choice([-1.0, 1.0], (maps, 2))).float()
    linear = _rotation(turns[0]) @ torch.diag_embed(sigma * signs) @ _rotation(turns[1])
    shift = torch.from_numpy(rng.uniform(-1, 1, (maps, 2))).float()
    weight = linear.det().abs().clamp_min(0.01)
    return linear, shift, weight / weight.sum()


def _rotation(angle: Tensor) -> Tensor:
    """Return the rotation matrices of angles: [...] -> [..., 2, 2]."""
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def _turn(cloud: Tensor, generator: Generator) -> Tensor:
    """Turn each cloud [B, P, 2] a little and mirror half of them."""
    angle = 0.5 * (2 * torch.rand(len(cloud), generator=generator) - 1)
    mirror = torch.ones(len(cloud), 1, 2)
    mirror[:, 0, 0] = torch.where(torch.rand(len(cloud), generator=generator) < 0.5, -1.0, 1.0)
    return (cloud * mirror) @ _rotation(angle)


def _fill_frame(cloud: Tensor) -> tuple[Tensor, Tensor]:
    """Scale each cloud [B, P, 2] so that all but its outermost points fill [0, 1]."""
    low, high = torch.quantile(cloud, torch.tensor([0.01, 0.99]), dim=1)
    unit = (cloud - low[:, None]) / (high - low).clamp_min(1e-6)[:, None]
    x, y = (0.05 + 0.9 * unit).unbind(-1)
    return x, y
