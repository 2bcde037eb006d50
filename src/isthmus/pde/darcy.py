"""Darcy flow in two dimensions, -div(a grad u) = beta, through a ground of two kinds."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.pde.elliptic import Faces, conjugate_gradients, harmonic, poisson_inverse
from isthmus.pde.equation import Array, Equation, centres, equations, require_positive
from isthmus.pde.layout import Stacked

BUMPS = 5


@equations.register("darcy2d")
class Darcy(Equation):
    """Finite volumes with harmonic means on the faces; the steady state is solved for directly.

    The ground a is `high` where a sum of Gaussian bumps is above its mean, and `low` elsewhere.

    Args:
        beta: the source, everywhere.
        low, high: conductivities of the ground.
    """

    about = "the pressure of water in a ground of two kinds"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 128
    batch = 4
    layout = Stacked()
    fields: ClassVar = {"nu": ("x", "y"), "tensor": (1, "x", "y")}

    def __init__(self, *, beta: float = 0.1, low: float = 0.1, high: float = 1.0) -> None:
        require_positive(low=low, high=high)
        self.beta, self.low, self.high = beta, low, high

    def axes(self, resolution: int) -> dict[str, Array]:
        x = centres(0, 1, resolution)
        return {"x": x, "y": x}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        x = self.axes(resolution)["x"]
        bumps = np.stack([_bumps(rng, x) for rng in draws])
        ground = np.where(bumps > bumps.mean((1, 2), keepdims=True), self.high, self.low)
        return {"nu": ground, "tensor": solve(ground, np.full_like(ground, self.beta))[:, None]}


def solve(ground: Array, source: Array) -> Array:
    """u with -div(a grad u) = source, 0 on the boundary of the unit square: [N, n, n].

    Args:
        ground: a, [N, n, n] in square cells.
        source: [N, n, n]
    """
    cells = ground.shape[-1]
    beyond = np.pad(ground, ((0, 0), (1, 1), (1, 1)), mode="edge")
    x = harmonic(beyond[:, :-1, 1:-1], beyond[:, 1:, 1:-1])
    y = harmonic(beyond[:, 1:-1, :-1], beyond[:, 1:-1, 1:])
    x[:, [0, -1]] *= 2  # the boundary is half a cell away
    y[:, :, [0, -1]] *= 2
    return conjugate_gradients(Faces(x, y).apply, poisson_inverse(cells, 2), source / cells**2)


def _bumps(rng: np.random.Generator, x: Array) -> Array:
    """A sum of Gaussian bumps on the grid of x [n]: [n, n]."""
    centre, variance = rng.uniform(0, 1, (BUMPS, 2)), 0.5 * rng.uniform(0, 1, BUMPS)
    along_x, along_y = (np.exp(-((x - c[:, None]) ** 2) / (2 * variance[:, None])) for c in centre.T)
    bumps: Array = np.einsum("bx,by->xy", along_x, along_y)
    return bumps
