"""Shallow water over a flat bed in two dimensions, after the break of a circular dam.

h_t + (h u)_x + (h v)_y = 0, (h u)_t + (h u^2 + g h^2 / 2)_x + (h u v)_y = 0, and likewise for h v.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive, time_points
from isthmus.pde.finite_volume import heun, integrate, reconstruct_faces
from isthmus.pde.hdf5_layouts import Grouped

COURANT = 0.5
EXTENT = 2.5
"""Distance from the middle of the domain to its edge"""
SWAPPED = [0, 2, 1]
"""Order of the conserved quantities with the two momenta exchanged"""
INSIDE, OUTSIDE = 2.0, 1.0
"""Initial height of the water inside and outside of the dam"""


@equations.register("shallow-water2d")
class ShallowWater(Equation):
    """Finite volumes, MUSCL and HLLC, on a quarter of the domain; the other quarters are mirror images.

    Args:
        gravity: Gravitational acceleration g.
    """

    about = "the wave from a round dam that breaks"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 128
    batch_size = 2
    layout = Grouped()
    fields: ClassVar = {"data": ("t", "x", "y", 1)}

    def __init__(self, *, gravity: float = 1.0) -> None:
        require_positive(gravity=gravity)
        self.gravity = gravity

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [-2.5, 2.5] along both axes of space, and 101 times in [0, 1].

        Raises:
            InputError: If the resolution is odd.
        """
        if resolution % 2:
            raise InputError(
                f"the resolution is {resolution}; give an even one, for the pool's two halves",
                key="resolution",
            )
        x = cell_centres(-EXTENT, EXTENT, resolution)
        return {"x": x, "y": x, "t": time_points(1, 100)}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw the radius of the dam: `height` [N, x, y]."""
        radius = np.array([rng.uniform(0.3, 0.7) for rng in rngs])
        x = self.axes(resolution)["x"]
        inside = np.hypot(x[:, None], x) <= radius[:, None, None]
        return {"height": np.where(inside, INSIDE, OUTSIDE)}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw the radius of the dam and solve for the height: `data` [N, t, x, y, 1]."""
        times, first = self.axes(resolution)["t"], resolution // 2
        height = self.start(rngs, resolution)["height"][:, first:, first:]
        quarter = solve(height, times, EXTENT, self.gravity)
        half = np.concatenate([quarter[..., ::-1, :], quarter], axis=-2)
        return {"data": np.concatenate([half[..., ::-1], half], axis=-1)[..., None]}


def solve(height: Array, times: Array, extent: float, gravity: float) -> Array:
    """Solve for the height of water that is at rest initially.

    Args:
        height: Initial height in square cells, [N, x, y]; the boundaries are mirrors at the low ends of x and
            y, and open at the high ends.
        times: Saved times, from 0 on.
        extent: Extent of the domain along x.
        gravity: Gravitational acceleration g.

    Returns:
        Height [N, t, x, y].
    """
    dx = extent / height.shape[1]
    step = heun(lambda state: rate(state, dx, gravity))

    def max_step(state: Array) -> Array:
        h, momenta = state[0], state[1:]
        fastest = np.abs(momenta).max(0) / h + np.sqrt(gravity * h)
        longest: Array = COURANT * dx / fastest.max((1, 2))
        return longest

    rest = np.zeros_like(height)
    return integrate(step, max_step, np.stack([height, rest, rest]), times)[:, :, 0]


def rate(state: Array, dx: float, gravity: float) -> Array:
    """Return the rate of change of height and momenta [3, N, x, y], with the boundaries of `solve`."""
    along_x = _inflow(state.swapaxes(-1, -2), gravity).swapaxes(-1, -2)
    along_y = _inflow(state[SWAPPED], gravity)[SWAPPED]
    change: Array = (along_x + along_y) / dx
    return change


def _inflow(state: Array, gravity: float) -> Array:
    """Return the net inflow of each cell along the last axis.

    Args:
        state: Height, momentum along the last axis and momentum across it, [3, ...].
        gravity: Gravitational acceleration g.
    """
    mirror, end = state[..., [1, 0]] * np.array([1, -1, 1]).reshape(3, 1, 1, 1), state[..., [-1, -1]]
    extended = np.concatenate([mirror, state, end], axis=-1)
    extended[1:] /= extended[0]
    left, right = reconstruct_faces(extended)
    return -np.diff(hllc(left, right, gravity), axis=-1)


def hllc(left: Array, right: Array, gravity: float) -> Array:
    """Return the flux through each face between two states (height, velocity along, velocity across).

    HLL for height and momentum along the axis; momentum across it is carried by the contact wave: E. F. Toro,
    *Shock-Capturing Methods for Free-Surface Shallow Flows* (2001), chapter 10.

    Args:
        left: States on the low side of each face, [3, ...].
        right: States on the high side of each face, [3, ...].
        gravity: Gravitational acceleration g.
    """
    (h_l, v_l, w_l), (h_r, v_r, w_r) = left, right
    c_l, c_r = np.sqrt(gravity * h_l), np.sqrt(gravity * h_r)
    slowest = np.minimum(np.minimum(v_l - c_l, v_r - c_r), 0)
    fastest = np.maximum(np.maximum(v_l + c_l, v_r + c_r), 0)
    m_l, m_r = h_l * v_l, h_r * v_r
    force_l, force_r = m_l * v_l + 0.5 * gravity * h_l**2, m_r * v_r + 0.5 * gravity * h_r**2
    share = fastest / (fastest - slowest)
    spread = share * slowest
    mass = m_r + share * (m_l - m_r) + spread * (h_r - h_l)
    force = force_r + share * (force_l - force_r) + spread * (m_r - m_l)
    return np.stack([mass, force, mass * np.where(mass >= 0, w_l, w_r)])
