"""Diffusion of a substance that the ground adsorbs, R(u) u_t = D u_xx, on the unit interval."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive, time_points
from isthmus.pde.hdf5_layouts import Grouped
from isthmus.pde.tridiagonal import solve_tridiagonal

STEP = 0.125
"""Length of a step in the logarithm of time"""
FIRST_TIME_FRACTION = 1e-3
"""Unit of time, as a fraction of the first saved time..."""
CROSSING_FRACTION = 2.0
"""...and at most this multiple of the time in which diffusion crosses a cell"""

BDF_WEIGHTS = np.array([12, -75, 200, -300, 300]) / 137
"""Weights of the five previous states in BDF5, the oldest first"""
BDF_RATE_WEIGHT = 60 / 137
"""Weight of the rate of change in BDF5"""
EXTRAPOLATION = np.array([1, -5, 10, -10, 5])
"""Weights of the five previous states in the extrapolation to the next, the oldest first"""
OTHER_NODES = np.array([[j for j in range(6) if j != i] for i in range(6)])
"""For each of the six interpolation nodes, the other five"""

MIN_EXPONENT = 0.8
MIN_CONCENTRATION = 1e-12
"""Lower bound of u: R grows without bound as u goes to 0"""


@equations.register("diffusion-sorption1d")
class DiffusionSorption(Equation):
    """Finite volumes in space, and the implicit formula BDF5 in the logarithm of time.

    R = 1 + (1 - phi) / phi rho_s k n_f u^(n_f - 1); u = 1 on the left, u + D u_x = 0 on the right.

    Args:
        diffusion: Diffusion coefficient D.
        porosity: Porosity phi.
        density: Bulk density rho_s of the ground.
        freundlich: Coefficient k of Freundlich's isotherm.
        exponent: Exponent n_f of Freundlich's isotherm. Below 0.8 a front in clean ground is too sharp for
            the time steps.

    Attributes:
        sorption: Factor (1 - phi) / phi rho_s k of the adsorbed amount.
    """

    about = "a substance that seeps into the ground and is held back by it"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch_size = 8
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
            raise InputError(
                f"the equation's porosity is {porosity}; give a number between 0 and 1",
                key="equation.porosity",
            )
        if exponent < MIN_EXPONENT:
            raise InputError(
                f"the equation's exponent is {exponent}; steps are short enough from {MIN_EXPONENT} on",
                key="equation.exponent",
            )
        self.diffusion = diffusion
        self.exponent = exponent
        self.sorption = (1 - porosity) / porosity * density * freundlich

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [0, 1] and 101 times in [0, 500]."""
        return {"x": cell_centres(0, 1, resolution), "t": time_points(500, 100)}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw initial concentrations, the same at every point: `u` [N, x]."""
        level = np.array([rng.uniform(0, 0.2) for rng in rngs])
        return {"u": np.repeat(level[:, None], resolution, axis=1)}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw uniform initial concentrations and solve: `data` [N, t, x, 1]."""
        initial = self.start(rngs, resolution)["u"]
        return {"data": self.solve(initial, self.axes(resolution)["t"])[..., None]}

    def solve(self, initial: Array, times: Array, step: float = STEP) -> Array:
        """Solve for the concentration.

        A front in a medium at rest changes as fast as the logarithm of time does. Therefore equal steps are
        taken in s, where t = unit (exp s - 1), and the saved times are interpolated between the steps.

        Args:
            initial: Initial concentration [N, x] in equal cells, not below 0.
            times: Saved times, from 0 on.
            step: Length of a step in s.

        Returns:
            Concentration [N, t, x].
        """
        u = np.maximum(initial, MIN_CONCENTRATION)
        unit = min(FIRST_TIME_FRACTION * times[1], CROSSING_FRACTION / (self.diffusion * u.shape[1] ** 2))
        steps = max(int(np.ceil(np.log1p(times[-1] / unit) / step)), len(BDF_WEIGHTS) + 1)
        # Step lengths in t, at the beginning and the middle of each step and at the end of the last.
        dts = step * unit * np.exp(step * np.arange(0, steps + 0.5, 0.5))
        states = [u]
        for i in range(len(BDF_WEIGHTS) - 1):
            states.append(self._runge_kutta_step(states[-1], dts[2 * i : 2 * i + 3]))
        contents = [self.content(u) for u in states]
        for dt in dts[2 * len(states) :: 2]:
            u, content = self._bdf_step(states, contents, dt)
            states.append(u)
            contents = [*contents[1:], content]
        return _interpolate(states, np.log1p(times / unit) / step)

    def content(self, u: Array) -> Array:
        """Return the dissolved and adsorbed amount in a volume, u + (1 - phi) / phi rho_s k u^n_f.

        Its derivative with respect to u is R.
        """
        content: Array = u + self.sorption * u**self.exponent
        return content

    def diffusion_term(self, u: Array) -> Array:
        """Return D u_xx from the fluxes through the faces of the cells [N, x].

        The values on the outer faces follow from the boundary conditions: 1 on the left, and on the right
        u = -D u_x with u_x over half a cell.
        """
        cells = u.shape[1]
        rate: Array = self.diffusion * cells**2 * np.diff(self._differences(u), axis=1)
        return rate

    def _differences(self, u: Array) -> Array:
        """Return the differences across the faces in units of a cell: [N, x + 1]."""
        outflow = -self._outflow_factor(u) * u[:, -1:]
        return np.concatenate([2 * (u[:, :1] - 1), np.diff(u, axis=1), outflow], axis=1)

    def _outflow_factor(self, u: Array) -> float:
        """Return twice the drop of u across the half cell on the right, as a fraction of its last value."""
        cells: int = u.shape[1]
        return 2 / (1 + 2 * self.diffusion * cells)

    def _runge_kutta_step(self, u: Array, dts: Array) -> Array:
        """Take a step of the classical Runge-Kutta method.

        It is used for the first steps only, which are too short for diffusion to be stiff.

        Args:
            u: State [N, x].
            dts: Step lengths in t at the beginning, the middle and the end of the step.
        """

        def change(u: Array, dt: float) -> Array:
            retardation = 1 + self.exponent * self.sorption * u ** (self.exponent - 1)
            change: Array = dt * self.diffusion_term(u) / retardation
            return change

        first = change(u, dts[0])
        second = change(u + first / 2, dts[1])
        third = change(u + second / 2, dts[1])
        return u + (first + 2 * second + 2 * third + change(u + third, dts[2])) / 6

    def _bdf_step(self, states: list[Array], contents: list[Array], dt: float) -> tuple[Array, Array]:
        """Take a step of BDF5 by one iteration of Newton's method from an extrapolated state.

        C. F. Curtiss, J. O. Hirschfelder, Proceedings of the National Academy of Sciences 38 (1952). It is
        stable for whatever decays without oscillation, as everything does here.

        Returns:
            The next state and its content, [N, x] each.
        """
        known = _weighted_sum(BDF_WEIGHTS, contents)
        u = np.maximum(_weighted_sum(EXTRAPOLATION, states[-5:]), MIN_CONCENTRATION)
        dt = BDF_RATE_WEIGHT * dt
        coupling = dt * self.diffusion * u.shape[1] ** 2
        power = self.sorption * u ** (self.exponent - 1)
        residual = known - (1 + power) * u + dt * self.diffusion_term(u)
        diagonal = 1 + self.exponent * power + 2 * coupling
        diagonal[:, 0] += coupling
        diagonal[:, -1] += coupling * (self._outflow_factor(u) - 1)
        correction = solve_tridiagonal(diagonal, np.full_like(u, -coupling), residual)
        u = np.maximum(u + correction, MIN_CONCENTRATION)
        return u, known + dt * self.diffusion_term(u)


def _weighted_sum(weights: Array, states: list[Array]) -> Array:
    """Return the sum of the states with these weights."""
    total: Array = weights[0] * states[0]
    for weight, state in zip(weights[1:], states[1:], strict=True):
        total += weight * state
    return total


def _interpolate(states: list[Array], positions: Array) -> Array:
    """Evaluate the polynomial through the nearest six of the states, which lie at 0, 1, ...

    Args:
        states: States [N, x].
        positions: Positions [t] at which to interpolate.

    Returns:
        Values [N, t, x].
    """
    firsts = np.clip(np.floor(positions).astype(int) - 2, 0, len(states) - 6)
    nodes = np.arange(6)[:, None]
    weights = np.prod(((positions - firsts)[:, None, None] - OTHER_NODES) / (nodes - OTHER_NODES), axis=2)
    values = np.empty((len(states[0]), len(positions), states[0].shape[1]))
    for i, first in enumerate(firsts):
        values[:, i] = _weighted_sum(weights[i], states[first : first + 6])
    return values
