"""Diffusion of a substance that the ground takes up, R(u) u_t = D u_xx, on the unit interval."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.pde.equation import Array, Equation, centres, equations, instants, require_positive
from isthmus.pde.layout import Grouped
from isthmus.pde.tridiagonal import solve_chain

STEP = 0.125  # in the logarithm of time
EARLY = 1e-3  # the unit of time, beside the first saved time,
CROSSING = 2.0  # and at most, beside what diffusion takes to cross a cell
BACKWARD = np.array([12, -75, 200, -300, 300]) / 137  # of the states before, the oldest first
FORWARD = 60 / 137
OTHERS = np.array([[j for j in range(6) if j != i] for i in range(6)])  # of six nodes, without each
EXTRAPOLATION = np.array([1, -5, 10, -10, 5])
LEAST_EXPONENT = 0.8
LEAST = 1e-12  # concentration: R grows without bound below


@equations.register("diffusion-sorption1d")
class DiffusionSorption(Equation):
    """Finite volumes in space, and the implicit formula BDF5 in the logarithm of time.

    R = 1 + (1 - phi) / phi rho_s k n_f u^(n_f - 1); u = 1 on the left, u + D u_x = 0 on the right.

    Args:
        diffusion: D.
        porosity: phi.
        density: rho_s, of the ground.
        freundlich: k, the coefficient of Freundlich's isotherm.
        exponent: n_f, of Freundlich's isotherm. Below 0.8 a front in clean ground is too sharp for the steps.
    """

    about = "a substance that seeps into the ground and is held back by it"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch = 8
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
            raise InputError(f"the equation's porosity is {porosity}; give a number between 0 and 1")
        if exponent < LEAST_EXPONENT:
            raise InputError(
                f"the equation's exponent is {exponent}; steps are short enough from {LEAST_EXPONENT} on"
            )
        self.diffusion = diffusion
        self.exponent = exponent
        self.held = (1 - porosity) / porosity * density * freundlich

    def axes(self, resolution: int) -> dict[str, Array]:
        return {"x": centres(0, 1, resolution), "t": instants(500, 100)}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        level = np.array([rng.uniform(0, 0.2) for rng in draws])
        start = np.repeat(level[:, None], resolution, axis=1)
        return {"data": self.solve(start, self.axes(resolution)["t"])[..., None]}

    def solve(self, start: Array, times: Array, step: float = STEP) -> Array:
        """The concentration at each of `times`, from `start` [N, x] in equal cells: [N, t, x].

        A front in a medium at rest changes as fast as the logarithm of time does. So equal steps are taken
        in s, where t = unit (exp s - 1), and the states between them are interpolated.

        Args:
            start: not below 0.
            times: from 0 on.
            step: in s.
        """
        u = np.maximum(start, LEAST)
        unit = min(EARLY * times[1], CROSSING / (self.diffusion * u.shape[1] ** 2))
        steps = max(int(np.ceil(np.log1p(times[-1] / unit) / step)), len(BACKWARD) + 1)
        pace = step * unit * np.exp(step * np.arange(0, steps + 0.5, 0.5))  # dt in a step, at halves of steps
        states = [u]
        for i in range(len(BACKWARD) - 1):
            states.append(self._explicit(states[-1], pace[2 * i : 2 * i + 3]))
        contents = [self.content(u) for u in states]
        for dt in pace[2 * len(states) :: 2]:
            u, content = self._implicit(states, contents, dt)
            states.append(u)
            contents = [*contents[1:], content]
        return _between(states, np.log1p(times / unit) / step)

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

    def _explicit(self, u: Array, pace: Array) -> Array:
        """A step of the classical Runge-Kutta method, at a start where steps are short beside all diffusion.

        Args:
            u: [N, x]
            pace: dt at the beginning, the middle and the end of the step.
        """

        def change(u: Array, dt: float) -> Array:
            return dt * self.flow(u) / (1 + self.exponent * self.held * u ** (self.exponent - 1))

        first = change(u, pace[0])
        second = change(u + first / 2, pace[1])
        third = change(u + second / 2, pace[1])
        return u + (first + 2 * second + 2 * third + change(u + third, pace[2])) / 6

    def _implicit(self, states: list[Array], contents: list[Array], dt: float) -> tuple[Array, Array]:
        """The next state and what it holds, by BDF5; one step of Newton's method from an extrapolated state.

        C. F. Curtiss, J. O. Hirschfelder, Proceedings of the National Academy of Sciences 38 (1952). It is
        stable for all that decays without turning, as everything does here.
        """
        known = _combined(BACKWARD, contents)
        u = np.maximum(_combined(EXTRAPOLATION, states[-5:]), LEAST)
        dt = FORWARD * dt
        couple = dt * self.diffusion * u.shape[1] ** 2
        power = self.held * u ** (self.exponent - 1)
        wrong = known - (1 + power) * u + dt * self.flow(u)
        diagonal = 1 + self.exponent * power + 2 * couple
        diagonal[:, 0] += couple
        diagonal[:, -1] += couple * (self._leak(u) - 1)
        u = np.maximum(u + solve_chain(diagonal, np.full_like(u, -couple), wrong), LEAST)
        return u, known + dt * self.flow(u)


def _combined(weights: Array, states: list[Array]) -> Array:
    total = weights[0] * states[0]
    for weight, state in zip(weights[1:], states[1:], strict=True):
        total += weight * state
    return total


def _between(states: list[Array], places: Array) -> Array:
    """Values [N, t, x] between states that lie at 0, 1, ...: of the polynomial through the nearest six."""
    firsts = np.clip(np.floor(places).astype(int) - 2, 0, len(states) - 6)
    nodes = np.arange(6)[:, None]
    weights = np.prod(((places - firsts)[:, None, None] - OTHERS) / (nodes - OTHERS), axis=2)
    values = np.empty((len(states[0]), len(places), states[0].shape[1]))
    for i, first in enumerate(firsts):
        values[:, i] = _combined(weights[i], states[first : first + 6])
    return values
