"""Darcy flow as in NAS-Bench-360, -div(a grad u) = 1: the data set of the Fourier neural operator."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy import fft

from isthmus.pde.elliptic import FaceConductances, conjugate_gradients, harmonic_mean, poisson_inverse
from isthmus.pde.equation import Array, Equation, equations, require_positive
from isthmus.pde.hdf5_layouts import Stacked

INVERSE_LENGTH = 3.0
"""Inverse correlation length of the Gaussian field, whose covariance is (-Laplacian + 9)^-2"""


@equations.register("nasbench360-darcy")
class NasbenchDarcy(Equation):
    """Finite differences between points, those on the boundary included, with harmonic means of a.

    The conductivity a is `high` where a Gaussian field is at least 0, and `low` elsewhere.

    Args:
        low, high: Conductivities of the two materials.
    """

    about = "the pressure of water in a ground of two kinds, drawn from a Gaussian field"
    reference = "Li et al., Fourier neural operator (ICLR 2021), appendix A.3.2; NAS-Bench-360 (NeurIPS 2022)"
    resolution = 421
    batch_size = 1
    layout = Stacked()
    fields: ClassVar = {"coeff": ("x", "y"), "sol": ("x", "y")}

    def __init__(self, *, low: float = 3.0, high: float = 12.0) -> None:
        require_positive(low=low, high=high)
        self.low, self.high = low, high

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return equidistant points in [0, 1], both ends included, along both axes."""
        x = np.linspace(0, 1, resolution, dtype=np.float64)
        return {"x": x, "y": x}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw conductivities: `coeff` [N, x, y]."""
        field = np.stack([gaussian_field(rng, resolution) for rng in rngs])
        return {"coeff": np.where(field >= 0, self.high, self.low)}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw conductivities and solve for the pressure: `coeff` and `sol` [N, x, y]."""
        conductivity = self.start(rngs, resolution)["coeff"]
        return {"coeff": conductivity, "sol": solve(conductivity, np.ones_like(conductivity))}


def gaussian_field(rng: np.random.Generator, points: int) -> Array:
    """Draw from N(0, (-Laplacian + 9)^-2) with zero normal derivatives, up to a factor: [points, points].

    The constant mode is left out, as in the published data, so a field has mean 0.
    """
    along = (np.pi * np.arange(points)) ** 2
    scale = 1 / (along[:, None] + along + INVERSE_LENGTH**2)
    scale[0, 0] = 0.0
    field: Array = fft.idctn(scale * rng.standard_normal((points, points)), norm="ortho")
    return field


def solve(conductivity: Array, source: Array) -> Array:
    """Solve -div(a grad u) = source with u = 0 on the boundary of the unit square.

    Args:
        conductivity: Conductivity a at points, the first and last of each axis on the boundary, [N, n, n].
        source: Source term [N, n, n].

    Returns:
        Solution u [N, n, n].
    """
    points = conductivity.shape[-1]
    faces = FaceConductances(
        harmonic_mean(conductivity[:, :-1, 1:-1], conductivity[:, 1:, 1:-1]),
        harmonic_mean(conductivity[:, 1:-1, :-1], conductivity[:, 1:-1, 1:]),
    )
    inner = source[:, 1:-1, 1:-1] / (points - 1) ** 2
    u = conjugate_gradients(faces.apply, poisson_inverse(points - 2, 1), inner)
    return np.pad(u, ((0, 0), (1, 1), (1, 1)))
