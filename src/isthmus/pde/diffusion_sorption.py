"""Diffusion of a substance that the ground takes up, R(u) u_t = D u_xx, on the unit interval."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.pde.law import Array, Law, centres, instants, laws, require_positive
from isthmus.pde.layout import Grouped
from isthmus.pde.tridiagonal import solve_tridiagonal

GAMMA = 1 - 1 / np.sqrt(2)
NEWTON_STEPS = 2
FIRST = 1e-3  # length of the first step, as a part of the first interval
GROWTH = 0.03  # longest step, as a part of the time passed
LEAST = 1e-12  # concentration: R grows without bound below


@laws.register("diffusion-sorption1d")
class DiffusionSorption(Law):
    """Finite volumes in space, and in time a diagonally implicit Runge-Kutta method with steps that grow.

    R = 1 + (1 - phi) / phi rho_s k n_f u^(n_f - 1); u = 1 on the left, u + D u_x = 0 on the right.

    Args:
        diffusion: D.
        porosity: phi.
        density: rho_s, of the ground.
        freundlich: k, the coefficient of Freundlich's isotherm.
        exponent: n_f, of Freundlich's isotherm.
    """

    about = "a substance that seeps into the ground and is held back by it"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch = 16
    layout = Grouped()
    fields: ClassVar = {"data": ("t", "x", 1)}

    def __init__(
        self,
        *,
        diffusion: float = 5e-4,
        porosity: float = 0.29,
        density: float = 2880.0,
        freundlich: float = 3.5e-4,
        exponent: float = 0.874,
    ) -> None:
        require_positive(
            diffusion=diffusion, porosity=porosity, density=density, freundlich=freundlich, exponent=exponent
        )
        if porosity >= 1:
            raise InputError(f"the law's porosity is {porosity}; give a number between 0 and 1")
        self.diffusion = diffusion
        self.exponent = exponent
        self.held = (1 - porosity) / porosity * density * freundlich

    def axes(self, resolution: int) -> dict[str, Array]:
        return {"x": centres(0, 1, resolution), "t": instants(500, 100)}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        level = np.array([rng.uniform(0, 0.2) for rng in draws])
        start = np.repeat(level[:, None], resolution, axis=1)
        return {"data": self.solve(start, self.axes(resolution)["t"])[..., None]}

    def solve(self, start: Array, times: Array, growth: float = GROWTH) -> Array:
        """The concentration at each of `times`, from `start` [N, x] in equal cells: [N, t, x].

        Args:
            start: above 0.
            times: from 0 on.
            growth: the longest step, as a part of the time passed.
        """
        u = np.maximum(start, LEAST)
        states = [u]
        for begin, end in pairwise(times):
            for dt in _steps(begin, end, growth):
                u = self._step(u, dt)
            states.append(u)
        return np.stack(states, axis=1)

    def content(self, u: Array) -> Array:
        """What a volume holds, dissolved and taken up: u + (1 - phi) / phi rho_s k u^n_f; its slope is R."""
        content: Array = u + self.held * u**self.exponent
        return content

    def flow(self, u: Array) -> Array:
        """D u_xx, from fluxes through the faces of the cells [N, x].

        The value on a face at the end is what its condition says: 1 on the left, and on the right
        u = -D u_x with u_x over half a cell.
        """
        cells = u.shape[1]
        return self.diffusion * cells**2 * np.diff(self._slopes(u), axis=1)

    def _slopes(self, u: Array) -> Array:
        """Differences across the faces: [N, x + 1], in units of a cell."""
        return np.concatenate([2 * (u[:, :1] - 1), np.diff(u, axis=1), -self._leak(u) * u[:, -1:]], axis=1)

    def _leak(self, u: Array) -> float:
        """What u falls by across the half cell on the right, times 2, as a part of its last value."""
        return 2 / (1 + 2 * self.diffusion * u.shape[1])

    def _step(self, u: Array, dt: float) -> Array:
        """Two stages, L-stable, second order: R. Alexander, SIAM Journal on Numerical Analysis 14 (1977)."""
        before = self.content(u)
        inner = self._implicit(u, before, GAMMA * dt)
        return self._implicit(inner, before + (1 - GAMMA) * dt * self.flow(inner), GAMMA * dt)

    def _implicit(self, u: Array, known: Array, dt: float) -> Array:
        """The solution of content(u) - dt flow(u) = known, by Newton's method from a near u."""
        couple = dt * self.diffusion * u.shape[1] ** 2
        off = np.full_like(u, -couple)
        for _ in range(NEWTON_STEPS):
            power = self.held * u ** (self.exponent - 1)
            wrong = known - (1 + power) * u + dt * self.flow(u)
            diagonal = 1 + self.exponent * power + 2 * couple
            diagonal[:, 0] += couple
            diagonal[:, -1] += couple * (self._leak(u) - 1)
            u = np.maximum(u + solve_tridiagonal(off, diagonal, off, wrong), LEAST)
        return u


def _steps(begin: float, end: float, growth: float) -> Iterator[float]:
    """Steps from one time to the next, none longer than a part of the time passed; the first is short."""
    time, first = begin, FIRST * (end - begin)
    while time < end:
        longest = max(growth * time, first)
        dt = (end - time) / np.ceil((end - time) / longest - 1e-9)
        yield dt
        time = end if np.isclose(time + dt, end) else time + dt
