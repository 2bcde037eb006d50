"""Open contours: the graph of a formula drawn as a line, a class for each formula.

The idea is that of the closed contours, unrolled: the formulas are sums of waves, bumps, steps and ramps.
"""

import math

import torch
from torch import Generator, Tensor

from isthmus.drawing import draw_series
from isthmus.seeding import numpy_generator

POINTS = 256


def draw(number: int, count: int, size: int, generator: Generator) -> Tensor:
    """Draw pictures of one class: places, heights, widths and phases vary, and a little noise is added.

    Args:
        number: Number of the class.
        count: Number of pictures.
        size: Height and width.
        generator: Generator of the draws.

    Returns:
        Pictures [count, size, size] in [0, 1].
    """
    rng = numpy_generator("curve", number)

    def vary(value: float, by: float) -> Tensor:
        return value * (1 + by * (2 * torch.rand(count, 1, generator=generator) - 1))

    t = torch.linspace(0, 1, POINTS)
    t = t ** torch.exp(0.2 * torch.randn(count, 1, generator=generator))  # time runs unevenly
    curve = vary(rng.normal(0, 0.7), 0.3) * t
    for _ in range(int(rng.integers(0, 3))):
        frequency, phase = math.exp(rng.uniform(0, math.log(20))), rng.uniform(0, 2 * math.pi)
        wave = torch.sin(2 * math.pi * vary(frequency, 0.05) * t + phase + vary(0.5, 1.0))
        curve = curve + vary(rng.uniform(0.2, 1) / math.sqrt(frequency), 0.2) * wave
    for _ in range(int(rng.integers(1, 5))):
        place, width, height = rng.uniform(0.05, 0.95), math.exp(rng.uniform(-4, -1.5)), rng.normal(0, 1)
        away = (t - vary(place, 0.08)) / vary(width, 0.3)
        bump = torch.exp(-0.5 * away**2) if rng.random() < 0.6 else torch.sigmoid(4 * away)
        curve = curve + vary(height, 0.3) * bump
    roughness = rng.choice([0.0, 0.02, 0.1])
    curve = curve + roughness * torch.randn(curve.shape, generator=generator)
    low, high = curve.amin(1, keepdim=True), curve.amax(1, keepdim=True)
    margin = 0.05 + 0.15 * torch.rand(count, 2, generator=generator)
    unit = (curve - low) / (high - low).clamp_min(1e-6)
    return draw_series(margin[:, :1] + (1 - margin.sum(1, keepdim=True)) * unit, size, size)
