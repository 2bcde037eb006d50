"""Darcy flow in two dimensions, -div(a grad u) = beta, through a ground of two materials."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.pde.elliptic import FaceConductances, conjugate_gradients, harmonic_mean, poisson_inverse
from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive
from isthmus.pde.hdf5_layouts import Stacked

BUMPS = 5
"""Number of Gaussian bumps whose sum divides the ground into two materials"""


@equations.register("darcy2d")
class Darcy(Equation):
    """Finite volumes with harmonic means on the faces; the steady state is solved for directly.

    The conductivity a is `high` where a sum of Gaussian bumps is above its mean, and `low` elsewhere.

    Args:
        beta: Source term, constant over the domain.
        low, high: Conductivities of the two materials.
    """

    about = "the pressure of water in a ground of two kinds"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 128
    batch_size = 4
    layout = Stacked()
    fields: ClassVar = {"nu": ("x", "y"), "tensor": (1, "x", "y")}

    def __init__(self, *, beta: float = 0.1, low: float = 0.1, high: float = 1.0) -> None:
        require_positive(low=low, high=high)
        self.beta, self.low, self.high = beta, low, high

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [0, 1] along both axes."""
        x = cell_centres(0, 1, resolution)
        return {"x": x, "y": x}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw conductivities and solve for the pressure: `nu` [N, x, y], `tensor` [N, 1, x, y]."""
        x = self.axes(resolution)["x"]
        bumps = np.stack([_bumps(rng, x) for rng in rngs])
        conductivity = np.where(bumps > bumps.mean((1, 2), keepdims=True), self.high, self.low)
        pressure = solve(conductivity, np.full_like(conductivity, self.beta))
        return {"nu": conductivity, "tensor": pressure[:, None]}


def solve(conductivity: Array, source: Array) -> Array:
    """Solve -div(a grad u) = source with u = 0 on the boundary of the unit square.

    Args:
        conductivity: Conductivity a in square cells, [N, n, n].
        source: Source term [N, n, n].

    Returns:
        Solution u [N, n, n].
    """
    cells = conductivity.shape[-1]
    extended = np.pad(conductivity, ((0, 0), (1, 1), (1, 1)), mode="edge")
    x = harmonic_mean(extended[:, :-1, 1:-1], extended[:, 1:, 1:-1])
    y = harmonic_mean(extended[:, 1:-1, :-1], extended[:, 1:-1, 1:])
    x[:, [0, -1]] *= 2  # the boundary is half a cell away
    y[:, :, [0, -1]] *= 2
    operator = FaceConductances(x, y).apply
    return conjugate_gradients(operator, poisson_inverse(cells, 2), source / cells**2)


def _bumps(rng: np.random.Generator, x: Array) -> Array:
    """Return a sum of Gaussian bumps on the grid of x [n]: [n, n]."""
    centre, variance = rng.uniform(0, 1, (BUMPS, 2)), 0.5 * rng.uniform(0, 1, BUMPS)
    along_x, along_y = (np.exp(-((x - c[:, None]) ** 2) / (2 * variance[:, None])) for c in centre.T)
    bumps: Array = np.einsum("bx,by->xy", along_x, along_y)
    return bumps
