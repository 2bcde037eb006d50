"""FitzHugh-Nagumo: reaction and diffusion of two substances in two dimensions, with walls.

u_t = D_u lap u + u - u^3 - k - v, v_t = D_v lap v + u - v, on [-1, 1]^2, no flux through the boundary.
"""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar

import numpy as np
from scipy import fft

from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive, time_points
from isthmus.pde.hdf5_layouts import Grouped
from isthmus.pde.splitting import Flow, extrapolate, integrate, strang

LOW, HIGH = -1.0, 1.0
END, INTERVALS = 5.0, 100
STEPS = 3
"""Number of splitting steps in an interval between saved times"""


@equations.register("reaction-diffusion2d")
class FitzHughNagumo(Equation):
    """Splitting into the linear terms, solved exactly by cosine transform, and the cubic one, by its formula.

    The Laplacian is that of differences between cells (second order), as the initial state is noise in each
    cell.

    Args:
        diffusion_u, diffusion_v: Diffusion coefficients D_u and D_v.
        k: Constant of the reaction.
    """

    about = "two substances that react and diffuse, from noise to patterns"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 128
    batch_size = 2
    layout = Grouped()
    fields: ClassVar = {"data": ("t", "x", "y", 2)}

    def __init__(self, *, diffusion_u: float = 1e-3, diffusion_v: float = 5e-3, k: float = 5e-3) -> None:
        require_positive(diffusion_u=diffusion_u, diffusion_v=diffusion_v)
        self.diffusion_u, self.diffusion_v, self.k = diffusion_u, diffusion_v, k

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [-1, 1] along both axes of space, and 101 times in [0, 5]."""
        x = cell_centres(LOW, HIGH, resolution)
        return {"x": x, "y": x, "t": time_points(END, INTERVALS)}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw white noise for both substances: `u`, `v` [N, x, y]."""
        u, v = np.stack([rng.standard_normal((2, resolution, resolution)) for rng in rngs], axis=1)
        return {"u": u, "v": v}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw white noise for both substances and solve: `data` [N, t, x, y, 2]."""
        initial = np.stack([*self.start(rngs, resolution).values()])
        return {"data": self.solve(initial, END / INTERVALS, INTERVALS)}

    def solve(self, initial: Array, interval: float, count: int, steps: int = STEPS) -> Array:
        """Solve for u and v after 0, 1, ... `count` intervals.

        Args:
            initial: Initial u and v in square cells, [2, N, x, y].
            interval: Time between two saved states.
            count: Number of intervals.
            steps: Number of splitting steps in an interval.

        Returns:
            u and v, [N, t, x, y, 2].
        """
        step = extrapolate(strang(_cubic_flow, self._linear_flow(initial.shape[-1])))
        # v is kept as Fourier modes throughout, as its own equation is linear.
        state = np.stack([initial[0], _to_modes(initial[1])])
        states = np.empty((initial.shape[1], count + 1, *initial.shape[2:], 2))
        for i, (u, modes_v) in enumerate(integrate(step, state, interval, count, steps)):
            states[:, i, ..., 0], states[:, i, ..., 1] = u, _to_values(modes_v)
        return states

    def _linear_flow(self, cells: int) -> Flow:
        """Return the flow of all terms but -u^3: the exponential of a 2 x 2 matrix for each mode."""
        along = -((2 * cells / (HIGH - LOW) * np.sin(np.pi / 2 * np.arange(cells) / cells)) ** 2)
        laplacian = along[:, None] + along

        @cache
        def propagator(dt: float) -> tuple[Array, ...]:
            u_u, v_v = self.diffusion_u * laplacian + 1, self.diffusion_v * laplacian - 1
            return _matrix_exponential(dt * u_u, -dt, dt, dt * v_v)

        def flow(state: Array, dt: float) -> Array:
            u, v = _to_modes(state[0]), state[1]
            u_u, u_v, v_u, v_v = propagator(dt)
            later = np.stack([u_u * u + u_v * v, v_u * u + v_v * v])
            # The mean's matrix has square 0, so the constant -k adds the first terms of its exponential.
            later[:, :, 0, 0] -= self.k * cells * np.array([[dt + dt**2 / 2], [dt**2 / 2]])
            later[0] = _to_values(later[0])
            return later

        return flow


def _cubic_flow(state: Array, dt: float) -> Array:
    """Solve u_t = -u^3 exactly."""
    u, v = state
    return np.stack([u / np.sqrt(1 + 2 * dt * u**2), v])


def _matrix_exponential(a: Array, b: float, c: float, d: Array) -> tuple[Array, ...]:
    """Return the four entries of exp [[a, b], [c, d]], computed from its eigenvalues mean +- root."""
    mean, root = (a + d) / 2, np.sqrt(((a - d) / 2) ** 2 + b * c + 0j)
    up, down = np.exp(mean + root), np.exp(mean - root)
    even = ((up + down) / 2).real
    close = np.abs(root) < 1e-8
    odd = np.where(close, np.exp(mean), ((up - down) / np.where(close, 1, 2 * root)).real)
    return even + odd * (a - d) / 2, odd * b, odd * c, even - odd * (a - d) / 2


def _to_modes(values: Array) -> Array:
    """Return the cosine transform of the last two axes."""
    modes: Array = fft.dctn(values, axes=(-2, -1), norm="ortho")
    return modes


def _to_values(modes: Array) -> Array:
    """Return the inverse cosine transform of the last two axes."""
    values: Array = fft.idctn(modes, axes=(-2, -1), norm="ortho")
    return values
