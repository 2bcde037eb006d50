"""Shallow water over a flat bed in two dimensions, after a round dam has broken.

h_t + (h u)_x + (h v)_y = 0, (h u)_t + (h u^2 + g h^2 / 2)_x + (h u v)_y = 0, and likewise for h v.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.pde.equation import Array, Equation, centres, equations, instants, require_positive
from isthmus.pde.finite_volume import march, on_faces, runge_kutta
from isthmus.pde.layout import Grouped

COURANT = 0.5
EXTENT = 2.5  # from the middle to the edge
SWAPPED = [0, 2, 1]  # the momenta
INSIDE, OUTSIDE = 2.0, 1.0  # height of the water


@equations.register("shallow-water2d")
class ShallowWater(Equation):
    """Finite volumes, MUSCL and HLLC, on a quarter of the pool: the dam is round, mirrors make the rest.

    Args:
        gravity: g.
    """

    about = "the wave from a round dam that breaks"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 128
    batch = 2
    layout = Grouped()
    fields: ClassVar = {"data": ("t", "x", "y", 1)}

    def __init__(self, *, gravity: float = 1.0) -> None:
        require_positive(gravity=gravity)
        self.gravity = gravity

    def axes(self, resolution: int) -> dict[str, Array]:
        if resolution % 2:
            raise InputError(f"the resolution is {resolution}; give an even one, for the pool's two halves")
        x = centres(-EXTENT, EXTENT, resolution)
        return {"x": x, "y": x, "t": instants(1, 100)}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        times = self.axes(resolution)["t"]
        radius = np.array([rng.uniform(0.3, 0.7) for rng in draws])
        x = centres(0, EXTENT, resolution // 2)
        inside = np.hypot(x[:, None], x) <= radius[:, None, None]
        quarter = solve(np.where(inside, INSIDE, OUTSIDE), times, EXTENT, self.gravity)
        half = np.concatenate([quarter[..., ::-1, :], quarter], axis=-2)
        return {"data": np.concatenate([half[..., ::-1], half], axis=-1)[..., None]}


def solve(height: Array, times: Array, extent: float, gravity: float) -> Array:
    """The height at each of `times`, from water at rest, `height` [N, x, y]: [N, t, x, y].

    Args:
        height: in square cells; mirrors at the low ends of x and y, open at the high ends.
        times: from 0 on.
        extent: of the domain along x.
        gravity: g.
    """
    dx = extent / height.shape[1]
    step = runge_kutta(lambda state: rate(state, dx, gravity))

    def limit(state: Array) -> Array:
        h, momenta = state[0], state[1:]
        fastest = np.abs(momenta).max(0) / h + np.sqrt(gravity * h)
        return COURANT * dx / fastest.max((1, 2))

    still = np.zeros_like(height)
    return march(step, limit, np.stack([height, still, still]), times)[:, :, 0]


def rate(state: Array, dx: float, gravity: float) -> Array:
    """The rate of change of height and momenta [3, N, x, y]: mirrors at the low ends, open at the high."""
    along_x = _along_last(state.swapaxes(-1, -2), gravity).swapaxes(-1, -2)
    along_y = _along_last(state[SWAPPED], gravity)[SWAPPED]
    change: Array = (along_x + along_y) / dx
    return change


def _along_last(state: Array, gravity: float) -> Array:
    """What flows into each cell along the last axis, from height, momentum along it and momentum across."""
    mirror, end = state[..., [1, 0]] * np.array([1, -1, 1]).reshape(3, 1, 1, 1), state[..., [-1, -1]]
    around = np.concatenate([mirror, state, end], axis=-1)
    around[1:] /= around[0]
    return -np.diff(hllc(*on_faces(around), gravity), axis=-1)


def hllc(left: Array, right: Array, gravity: float) -> Array:
    """The flux through each face between two states (height, velocity along, velocity across) [3, ...].

    HLL for height and momentum along, and across what the contact wave carries: E. F. Toro, *Shock-Capturing
    Methods for Free-Surface Shallow Flows* (2001), chapter 10.
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
