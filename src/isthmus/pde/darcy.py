"""Darcy flow in two dimensions, -div(a grad u) = beta, through a ground of two materials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isthmus.errors import unknown
from isthmus.pde.elliptic import (
    FaceConductances,
    arithmetic_mean,
    conjugate_gradients,
    harmonic_mean,
    poisson_inverse,
)
from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive
from isthmus.pde.hdf5_layouts import Stacked

BUMPS = 5
"""Number of Gaussian bumps whose sum divides the ground into two materials"""
THRESHOLD = 1.85215
"""Expected mean of that sum over the domain and over all draws"""


@dataclass(frozen=True)
class Scheme:
    """How the equation becomes a linear system.

    Attributes:
        face_mean: Conductivity of a face from those of its two cells.
        wall: Conductance of a face on the boundary, in units of the conductivity beside it.
        dst_type: Type of the sine transform that solves the system of a uniform ground.
    """

    face_mean: Callable[[Array, Array], Array]
    wall: float
    dst_type: int


SCHEMES = {
    "harmonic": Scheme(harmonic_mean, 2.0, 2),  # u = 0 on the edge of the last cell
    "published": Scheme(arithmetic_mean, 1.0, 1),  # u = 0 in the centre of a cell beyond the last
}


@equations.register("darcy2d")
class Darcy(Equation):
    """Finite volumes; the steady state is solved for directly.

    The conductivity a is `high` where a sum of Gaussian bumps is above its expected mean, and `low`
    elsewhere. (The published generator takes the mean over the 200 samples that it draws together.)

    Args:
        beta: Source term, constant over the domain.
        low, high: Conductivities of the two materials.
        scheme: "harmonic" for harmonic means on the faces and the boundary half a cell beyond the last point;
            "published" for arithmetic means and the boundary a whole cell beyond.
    """

    about = "the pressure of water in a ground of two kinds"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 128
    batch_size = 4
    layout = Stacked()
    fields: ClassVar = {"nu": ("x", "y"), "tensor": (1, "x", "y")}

    def __init__(
        self, *, beta: float = 0.1, low: float = 0.1, high: float = 1.0, scheme: str = "harmonic"
    ) -> None:
        require_positive(low=low, high=high)
        if scheme not in SCHEMES:
            raise unknown("scheme", scheme, SCHEMES)
        self.beta, self.low, self.high, self.scheme = beta, low, high, SCHEMES[scheme]

    @property
    def attributes(self) -> dict[str, float]:
        """Parameters that the published file has as attributes."""
        return {"beta": self.beta}

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [0, 1] along both axes."""
        x = cell_centres(0, 1, resolution)
        return {"x": x, "y": x}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw conductivities: `nu` [N, x, y]."""
        x = self.axes(resolution)["x"]
        bumps = np.stack([_bumps(rng, x) for rng in rngs])
        return {"nu": np.where(bumps > THRESHOLD, self.high, self.low)}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw conductivities and solve for the pressure: `nu` [N, x, y], `tensor` [N, 1, x, y]."""
        conductivity = self.start(rngs, resolution)["nu"]
        pressure = solve(conductivity, np.full_like(conductivity, self.beta), self.scheme)
        return {"nu": conductivity, "tensor": pressure[:, None]}


def solve(conductivity: Array, source: Array, scheme: Scheme = SCHEMES["harmonic"]) -> Array:
    """Solve -div(a grad u) = source with u = 0 on the boundary of the unit square.

    Args:
        conductivity: Conductivity a in square cells, [N, n, n].
        source: Source term [N, n, n].
        scheme: Means on the faces, and the place of the boundary.

    Returns:
        Solution u [N, n, n].
    """
    cells = conductivity.shape[-1]
    extended = np.pad(conductivity, ((0, 0), (1, 1), (1, 1)), mode="edge")
    x = scheme.face_mean(extended[:, :-1, 1:-1], extended[:, 1:, 1:-1])
    y = scheme.face_mean(extended[:, 1:-1, :-1], extended[:, 1:-1, 1:])
    x[:, [0, -1]] *= scheme.wall
    y[:, :, [0, -1]] *= scheme.wall
    operator = FaceConductances(x, y).apply
    return conjugate_gradients(operator, poisson_inverse(cells, scheme.dst_type), source / cells**2)


def _bumps(rng: np.random.Generator, x: Array) -> Array:
    """Return a sum of Gaussian bumps on the grid of x [n]: [n, n]."""
    centre, scale = rng.uniform(0, 1, (BUMPS, 2)), 0.5 * rng.uniform(0, 1, BUMPS)
    along_x, along_y = (np.exp(-((x - c[:, None]) ** 2) / scale[:, None]) for c in centre.T)
    bumps: Array = np.einsum("bx,by->xy", along_x, along_y)
    return bumps
