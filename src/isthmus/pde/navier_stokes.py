"""Compressible flow of a viscous ideal gas in one dimension, periodic.

rho_t + (rho v)_x = 0, (rho v)_t + (rho v^2 + p)_x = mu v_xx, E_t + ((E + p) v)_x = (mu v v_x)_x,
with E = p / (gamma - 1) + rho v^2 / 2 and mu = 4/3 eta + zeta.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive, time_points
from isthmus.pde.finite_volume import broadcast_to_state, heun, integrate, reconstruct_faces
from isthmus.pde.hdf5_layouts import Stacked
from isthmus.pde.sine import RandomSine, rescale_to_unit
from isthmus.pde.tridiagonal import solve_cyclic_tridiagonal

COURANT = 0.6
LOW, HIGH = -1.0, 1.0
MODES, WINDOW_PROBABILITY = 3, 0.5


@equations.register("navier-stokes1d")
class NavierStokes(Equation):
    """Finite volumes: MUSCL and HLLC for the inviscid gas, the implicit midpoint rule for viscosity.

    Args:
        eta: Shear viscosity.
        zeta: Bulk viscosity.
        gamma: Ratio of specific heats.
    """

    about = "a viscous gas: density, pressure and velocity from random waves"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch_size = 8
    layout = Stacked()
    fields: ClassVar = {"density": ("t", "x"), "pressure": ("t", "x"), "Vx": ("t", "x")}

    def __init__(self, *, eta: float = 0.1, zeta: float = 0.1, gamma: float = 5 / 3) -> None:
        require_positive(eta=eta, zeta=zeta)
        if gamma <= 1:
            raise InputError(f"the equation's gamma is {gamma}; give a number above 1", key="equation.gamma")
        self.viscosity = 4 / 3 * eta + zeta
        self.gamma = gamma

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [-1, 1] and 101 times in [0, 1]."""
        return {"x": cell_centres(LOW, HIGH, resolution), "t": time_points(1, 100)}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves for all three variables and solve: `density`, `pressure`, `Vx` [N, t, x]."""
        axes = self.axes(resolution)

        def wave() -> Array:
            return RandomSine.draw(rngs, MODES, WINDOW_PROBABILITY, LOW, HIGH)(axes["x"])

        def positive_wave(low: float, high: float) -> Array:
            scale, shift = np.exp([rng.uniform(np.log(low), np.log(high), 2) for rng in rngs]).T
            values: Array = scale[:, None] * rescale_to_unit(wave()) + shift[:, None]
            return values

        initial = np.stack([positive_wave(1, 10), wave(), positive_wave(10, 100)])
        density, velocity, pressure = np.moveaxis(
            solve(initial, axes["t"], HIGH - LOW, self.viscosity, self.gamma), 2, 0
        )
        return {"density": density, "pressure": pressure, "Vx": velocity}


def solve(initial: Array, times: Array, length: float, viscosity: float, gamma: float) -> Array:
    """Solve for density, velocity and pressure.

    A step consists of half a step of viscosity, a step of the inviscid gas and half a step of viscosity
    (Strang splitting).

    Args:
        initial: Initial density, velocity and pressure in equal cells of a periodic domain, [3, N, x].
        times: Saved times, from 0 on.
        length: Length of the domain.
        viscosity: Viscosity mu.
        gamma: Ratio of specific heats.

    Returns:
        Density, velocity and pressure, [N, t, 3, x].
    """
    dx = length / initial.shape[-1]
    inviscid_step = heun(lambda state: gas_rate(state, dx, gamma))

    def step(state: Array, dt: Array) -> Array:
        half = viscosity * dt / 2
        return _diffuse(inviscid_step(_diffuse(state, half, dx), dt), half, dx)

    def max_step(state: Array) -> Array:
        density, velocity, pressure = primitive(state, gamma)
        fastest = (np.abs(velocity) + np.sqrt(gamma * pressure / density)).max(1)
        longest: Array = COURANT * dx / fastest
        return longest

    states = integrate(step, max_step, conserved(initial, gamma), times)
    variables: Array = primitive(states.swapaxes(0, 2), gamma).swapaxes(0, 2)
    return variables


def gas_rate(state: Array, dx: float, gamma: float) -> Array:
    """Return the rate of change of a state [3, ..., x] without viscosity."""
    left, right = reconstruct_faces(_pad_periodically(primitive(state, gamma), 2))
    return -np.diff(hllc(left, right, gamma), axis=-1) / dx


def primitive(state: Array, gamma: float) -> Array:
    """Return density, velocity and pressure from density, momentum and energy: [3, ...]."""
    density, momentum, energy = state
    velocity = momentum / density
    return np.stack([density, velocity, (gamma - 1) * (energy - 0.5 * momentum * velocity)])


def conserved(values: Array, gamma: float) -> Array:
    """Return density, momentum and energy from density, velocity and pressure: [3, ...]."""
    density, velocity, pressure = values
    return np.stack([density, density * velocity, pressure / (gamma - 1) + 0.5 * density * velocity**2])


def hllc(left: Array, right: Array, gamma: float) -> Array:
    """Return the flux through each face between two states (density, velocity, pressure) [3, ...].

    HLLC: E. F. Toro, M. Spruce, W. Speares, Shock Waves 4 (1994).
    """
    (d_l, v_l, p_l), (d_r, v_r, p_r) = left, right
    c_l, c_r = np.sqrt(gamma * p_l / d_l), np.sqrt(gamma * p_r / d_r)
    slowest, fastest = np.minimum(v_l - c_l, v_r - c_r), np.maximum(v_l + c_l, v_r + c_r)
    m_l, m_r = d_l * (slowest - v_l), d_r * (fastest - v_r)  # mass swept up by the outer waves
    contact = (p_r - p_l + v_l * m_l - v_r * m_r) / (m_l - m_r)
    # From here on only the side of the contact wave on which the face lies counts.
    on_left = contact >= 0
    d, v, p = np.where(on_left, left, right)
    swept = np.where(on_left, m_l, m_r)
    wave = np.where(on_left, slowest, fastest)
    through = np.where(on_left, np.minimum(slowest, 0), np.maximum(fastest, 0))  # 0: the wave has passed
    energy = p / (gamma - 1) + 0.5 * d * v**2
    d_star = swept / (wave - contact)
    e_star = d_star * (energy / d + (contact - v) * (contact + p / swept))
    mass = d * v
    return np.stack(
        [
            mass + through * (d_star - d),
            mass * v + p + through * (d_star * contact - mass),
            (energy + p) * v + through * (e_star - energy),
        ]
    )


def _pad_periodically(values: Array, cells: int) -> Array:
    """Extend each end of the last axis by cells of the other end."""
    return np.concatenate([values[..., -cells:], values, values[..., :cells]], axis=-1)


def _diffuse(state: Array, amount: Array, dx: float) -> Array:
    """Take a step of viscosity alone: velocity diffuses, and the kinetic energy that it loses becomes heat.

    The implicit midpoint rule conserves momentum and energy, and makes the heat a sum of squares.

    Args:
        state: Density, momentum and energy, [3, N, x].
        amount: mu dt of each sample, [N].
        dx: Width of a cell.
    """
    density, momentum, energy = state
    amount = broadcast_to_state(amount, state) / dx**2
    midpoint = solve_cyclic_tridiagonal(density + amount, -amount / 2, momentum)
    extended = _pad_periodically(midpoint, 1)
    stress = np.diff(extended, axis=-1)
    work = 0.5 * (extended[:, 1:] + extended[:, :-1]) * stress
    return np.stack(
        [density, momentum + amount * np.diff(stress, axis=-1), energy + amount * np.diff(work, axis=-1)]
    )
