"""Darcy flow as in NAS-Bench-360, -div(a grad u) = 1: the data set of the Fourier neural operator."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy import fft

from isthmus.pde.elliptic import Faces, conjugate_gradients, harmonic, poisson_inverse
from isthmus.pde.equation import Array, Equation, equations, require_positive
from isthmus.pde.layout import Stacked

ROUGHNESS = 3.0  # the field's covariance is (-Laplacian + 9)^-2


@equations.register("nasbench360-darcy")
class NasbenchDarcy(Equation):
    """Differences between points, the boundary's among them, with harmonic means of the ground.

    The ground a is `high` where a Gaussian field is at least 0, and `low` elsewhere.

    Args:
        low, high: conductivities of the ground.
    """

    about = "the pressure of water in a ground of two kinds, drawn from a Gaussian field"
    source = "Li et al., Fourier neural operator (ICLR 2021), appendix A.3.2; NAS-Bench-360 (NeurIPS 2022)"
    resolution = 421
    batch = 1
    layout = Stacked()
    fields: ClassVar = {"coeff": ("x", "y"), "sol": ("x", "y")}

    def __init__(self, *, low: float = 3.0, high: float = 12.0) -> None:
        require_positive(low=low, high=high)
        self.low, self.high = low, high

    def axes(self, resolution: int) -> dict[str, Array]:
        x = np.linspace(0, 1, resolution, dtype=np.float64)
        return {"x": x, "y": x}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        field = np.stack([gaussian_field(rng, resolution) for rng in draws])
        ground = np.where(field >= 0, self.high, self.low)
        return {"coeff": ground, "sol": solve(ground, np.ones_like(ground))}


def gaussian_field(rng: np.random.Generator, points: int) -> Array:
    """N(0, (-Laplacian + 9)^-2) with zero normal derivatives, up to a factor: [points, points].

    The constant mode is left out, as in the published data: a field has as much above 0 as below.
    """
    along = (np.pi * np.arange(points)) ** 2
    scale = 1 / (along[:, None] + along + ROUGHNESS**2)
    scale[0, 0] = 0.0
    field: Array = fft.idctn(scale * rng.standard_normal((points, points)), norm="ortho")
    return field


def solve(ground: Array, source: Array) -> Array:
    """u with -div(a grad u) = source, 0 on the boundary of the unit square: [N, n, n].

    Args:
        ground: a, [N, n, n] at points, the first and last of each axis on the boundary.
        source: [N, n, n]
    """
    points = ground.shape[-1]
    a = Faces(
        harmonic(ground[:, :-1, 1:-1], ground[:, 1:, 1:-1]),
        harmonic(ground[:, 1:-1, :-1], ground[:, 1:-1, 1:]),
    )
    inner = source[:, 1:-1, 1:-1] / (points - 1) ** 2
    u = conjugate_gradients(a.apply, poisson_inverse(points - 2, 1), inner)
    return np.pad(u, ((0, 0), (1, 1), (1, 1)))
