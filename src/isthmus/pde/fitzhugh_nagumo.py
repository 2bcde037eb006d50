"""Reaction and diffusion of two substances in two dimensions, FitzHugh-Nagumo, with walls.

u_t = D_u lap u + u - u^3 - k - v, v_t = D_v lap v + u - v, on [-1, 1]^2, no flux through the boundary.
"""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar

import numpy as np
from scipy import fft

from isthmus.pde.equation import Array, Equation, centres, equations, instants, require_positive
from isthmus.pde.layout import Grouped
from isthmus.pde.splitting import Flow, extrapolated, march, strang

LOW, HIGH = -1.0, 1.0
END, COUNT = 5.0, 100
STEPS = 3


@equations.register("reaction-diffusion2d")
class FitzHughNagumo(Equation):
    """Everything linear solved exactly by cosine transform, the cubic term by its formula.

    The Laplacian is that of differences between cells (second order), as the start is noise in each cell.

    Args:
        diffusion_u, diffusion_v: D_u, D_v.
        k: the constant of the reaction.
    """

    about = "two substances that react and diffuse, from noise to patterns"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 128
    batch = 2
    layout = Grouped()
    fields: ClassVar = {"data": ("t", "x", "y", 2)}

    def __init__(self, *, diffusion_u: float = 1e-3, diffusion_v: float = 5e-3, k: float = 5e-3) -> None:
        require_positive(diffusion_u=diffusion_u, diffusion_v=diffusion_v)
        self.diffusion_u, self.diffusion_v, self.k = diffusion_u, diffusion_v, k

    def axes(self, resolution: int) -> dict[str, Array]:
        x = centres(LOW, HIGH, resolution)
        return {"x": x, "y": x, "t": instants(END, COUNT)}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        start = np.stack([rng.standard_normal((2, resolution, resolution)) for rng in draws], axis=1)
        return {"data": self.solve(start, END / COUNT, COUNT)}

    def solve(self, start: Array, interval: float, count: int, steps: int = STEPS) -> Array:
        """u and v after 0, 1, ... `count` intervals, from `start` [2, N, x, y]: [N, t, x, y, 2].

        Args:
            start: u and v in square cells.
            interval: from one time to the next.
            count: of intervals.
            steps: of the splitting, in an interval.
        """
        step = extrapolated(strang(_cubic, self._linear(start.shape[-1])))
        state = np.stack([start[0], _modes(start[1])])  # v lives as modes: its equation is linear
        states = np.empty((start.shape[1], count + 1, *start.shape[2:], 2))
        for i, (u, modes_v) in enumerate(march(step, state, interval, count, steps)):
            states[:, i, ..., 0], states[:, i, ..., 1] = u, _values(modes_v)
        return states

    def _linear(self, cells: int) -> Flow:
        """All but -u^3: for each mode of the Laplacian an exponential of a 2 x 2 matrix."""
        along = -((2 * cells / (HIGH - LOW) * np.sin(np.pi / 2 * np.arange(cells) / cells)) ** 2)
        laplacian = along[:, None] + along

        @cache
        def propagator(dt: float) -> tuple[Array, ...]:
            u_u, v_v = self.diffusion_u * laplacian + 1, self.diffusion_v * laplacian - 1
            return _exponential(dt * u_u, -dt, dt, dt * v_v)

        def flow(state: Array, dt: float) -> Array:
            u, v = _modes(state[0]), state[1]
            u_u, u_v, v_u, v_v = propagator(dt)
            later = np.stack([u_u * u + u_v * v, v_u * u + v_v * v])
            # The mean's matrix has square 0, so the constant -k adds the first terms of its exponential.
            later[:, :, 0, 0] -= self.k * cells * np.array([[dt + dt**2 / 2], [dt**2 / 2]])
            later[0] = _values(later[0])
            return later

        return flow


def _cubic(state: Array, dt: float) -> Array:
    """u_t = -u^3 alone."""
    u, v = state
    return np.stack([u / np.sqrt(1 + 2 * dt * u**2), v])


def _exponential(a: Array, b: float, c: float, d: Array) -> tuple[Array, ...]:
    """The four entries of exp [[a, b], [c, d]], from its eigenvalues mean +- root."""
    mean, root = (a + d) / 2, np.sqrt(((a - d) / 2) ** 2 + b * c + 0j)
    up, down = np.exp(mean + root), np.exp(mean - root)
    even = ((up + down) / 2).real
    close = np.abs(root) < 1e-8
    odd = np.where(close, np.exp(mean), ((up - down) / np.where(close, 1, 2 * root)).real)
    return even + odd * (a - d) / 2, odd * b, odd * c, even - odd * (a - d) / 2


def _modes(values: Array) -> Array:
    modes: Array = fft.dctn(values, axes=(-2, -1), norm="ortho")
    return modes


def _values(modes: Array) -> Array:
    values: Array = fft.idctn(modes, axes=(-2, -1), norm="ortho")
    return values
