"""Textures without objects: noise with a spectrum of its own for each class.

Random-phase noise is filtered by a few oriented bands, after Galerne et al., "Random phase textures"
(IEEE Transactions on Image Processing, 2011).
"""

import math

import torch
from torch import Generator, Tensor

from isthmus.seeding import numpy_generator


def draw(number: int, count: int, size: int, generator: Generator) -> Tensor:
    """Draw pictures of one class: the same spectrum and contrast, new phases.

    Args:
        number: Number of the class.
        count: Number of pictures.
        size: Height and width.
        generator: Generator of the draws.

    Returns:
        Pictures [count, size, size] in [0, 1].
    """
    rng = numpy_generator("texture", number)
    cycles = torch.fft.fftfreq(size) * size
    fy, fx = torch.meshgrid(cycles, cycles[: size // 2 + 1].abs(), indexing="ij")
    spectrum = torch.zeros(size, size // 2 + 1)
    for _ in range(int(rng.integers(1, 4))):
        frequency, direction = math.exp(rng.uniform(math.log(2), math.log(size / 4))), rng.uniform(0, math.pi)
        spread, turn = rng.uniform(0.1, 0.4) * frequency, rng.uniform(0.1, 1.5)
        distance = (fx.hypot(fy) - frequency) / spread
        off = torch.atan2(fy, fx) - direction
        spectrum += rng.uniform(0.3, 1) * torch.exp(-0.5 * distance**2 - 0.5 * (off.sin() / turn) ** 2)
    noise = torch.randn(count, size, size, generator=generator)
    field = torch.fft.irfft2(torch.fft.rfft2(noise) * spectrum, s=(size, size))
    field = field / field.std(dim=(1, 2), keepdim=True).clamp_min(1e-6)
    return torch.sigmoid(rng.uniform(1, 8) * (field - rng.uniform(-1, 1)))
