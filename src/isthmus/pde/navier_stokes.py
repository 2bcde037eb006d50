"""Compressible flow of a viscous ideal gas in one dimension, periodic.

rho_t + (rho v)_x = 0, (rho v)_t + (rho v^2 + p)_x = mu v_xx, E_t + ((E + p) v)_x = (mu v v_x)_x,
with E = p / (gamma - 1) + rho v^2 / 2 and mu = 4/3 eta + zeta.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.pde.equation import Array, Equation, centres, equations, instants, require_positive
from isthmus.pde.finite_volume import march, on_faces, runge_kutta, spread
from isthmus.pde.layout import Stacked
from isthmus.pde.sine import RandomSine, normalised
from isthmus.pde.tridiagonal import solve_ring

COURANT = 0.6
LOW, HIGH = -1.0, 1.0
MODES, WINDOW = 3, 0.5


@equations.register("navier-stokes1d")
class NavierStokes(Equation):
    """Finite volumes: MUSCL and HLLC for the gas, the implicit midpoint rule for viscosity.

    Args:
        eta: shear viscosity.
        zeta: bulk viscosity.
        gamma: ratio of specific heats.
    """

    about = "a viscous gas: density, pressure and velocity from random waves"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch = 8
    layout = Stacked()
    fields: ClassVar = {"density": ("t", "x"), "pressure": ("t", "x"), "Vx": ("t", "x")}

    def __init__(self, *, eta: float = 0.1, zeta: float = 0.1, gamma: float = 5 / 3) -> None:
        require_positive(eta=eta, zeta=zeta)
        if gamma <= 1:
            raise InputError(f"the equation's gamma is {gamma}; give a number above 1")
        self.viscosity = 4 / 3 * eta + zeta
        self.gamma = gamma

    def axes(self, resolution: int) -> dict[str, Array]:
        return {"x": centres(LOW, HIGH, resolution), "t": instants(1, 100)}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        axes = self.axes(resolution)

        def wave() -> Array:
            return RandomSine.draw(draws, MODES, WINDOW, LOW, HIGH)(axes["x"])

        def between(low: float, high: float) -> Array:
            scale, shift = np.exp([rng.uniform(np.log(low), np.log(high), 2) for rng in draws]).T
            return scale[:, None] * normalised(wave()) + shift[:, None]

        start = np.stack([between(1, 10), wave(), between(10, 100)])
        density, velocity, pressure = np.moveaxis(
            solve(start, axes["t"], HIGH - LOW, self.viscosity, self.gamma), 2, 0
        )
        return {"density": density, "pressure": pressure, "Vx": velocity}


def solve(start: Array, times: Array, length: float, viscosity: float, gamma: float) -> Array:
    """Density, velocity and pressure at each of `times`, from `start` [3, N, x]: [N, t, 3, x].

    A step is half a step of viscosity, a step of the gas without it, half a step of viscosity (Strang).

    Args:
        start: in equal cells of a periodic domain.
        times: from 0 on.
        length: of the domain.
        viscosity: mu.
        gamma: ratio of specific heats.
    """
    dx = length / start.shape[-1]
    gas = runge_kutta(lambda state: gas_rate(state, dx, gamma))

    def step(state: Array, dt: Array) -> Array:
        half = viscosity * dt / 2
        return _diffuse(gas(_diffuse(state, half, dx), dt), half, dx)

    def limit(state: Array) -> Array:
        density, velocity, pressure = primitive(state, gamma)
        fastest = (np.abs(velocity) + np.sqrt(gamma * pressure / density)).max(1)
        return COURANT * dx / fastest

    states = march(step, limit, conserved(start, gamma), times)
    return primitive(states.swapaxes(0, 2), gamma).swapaxes(0, 2)


def gas_rate(state: Array, dx: float, gamma: float) -> Array:
    """The rate of change of a state [3, ..., x] without viscosity."""
    faces = on_faces(_around(primitive(state, gamma), 2))
    return -np.diff(hllc(*faces, gamma), axis=-1) / dx


def primitive(state: Array, gamma: float) -> Array:
    """Density, velocity and pressure from density, momentum and energy: [3, ...]."""
    density, momentum, energy = state
    velocity = momentum / density
    return np.stack([density, velocity, (gamma - 1) * (energy - 0.5 * momentum * velocity)])


def conserved(values: Array, gamma: float) -> Array:
    """Density, momentum and energy from density, velocity and pressure: [3, ...]."""
    density, velocity, pressure = values
    return np.stack([density, density * velocity, pressure / (gamma - 1) + 0.5 * density * velocity**2])


def hllc(left: Array, right: Array, gamma: float) -> Array:
    """The flux through each face between two states (density, velocity, pressure) [3, ...].

    HLLC: E. F. Toro, M. Spruce, W. Speares, Shock Waves 4 (1994).
    """
    (d_l, v_l, p_l), (d_r, v_r, p_r) = left, right
    c_l, c_r = np.sqrt(gamma * p_l / d_l), np.sqrt(gamma * p_r / d_r)
    slowest, fastest = np.minimum(v_l - c_l, v_r - c_r), np.maximum(v_l + c_l, v_r + c_r)
    m_l, m_r = d_l * (slowest - v_l), d_r * (fastest - v_r)  # mass that the outer waves sweep up
    contact = (p_r - p_l + v_l * m_l - v_r * m_r) / (m_l - m_r)
    # From here on the side that the face lies on, seen from the contact.
    on_left = contact >= 0
    d, v, p = np.where(on_left, left, right)
    swept = np.where(on_left, m_l, m_r)
    wave = np.where(on_left, slowest, fastest)
    through = np.where(on_left, np.minimum(slowest, 0), np.maximum(fastest, 0))  # 0: the wave has left
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


def _around(values: Array, cells: int) -> Array:
    """Values with some cells of the other end beyond each end."""
    return np.concatenate([values[..., -cells:], values, values[..., :cells]], axis=-1)


def _diffuse(state: Array, amount: Array, dx: float) -> Array:
    """Viscosity alone, for mu dt = `amount` [N]: density stays, velocity diffuses, its loss of energy heats.

    The implicit midpoint rule, in which momentum and energy are conserved and the heat is a sum of squares.
    """
    density, momentum, energy = state
    amount = spread(amount, state) / dx**2
    middle = solve_ring(density + amount, -amount / 2, momentum)
    faces = _around(middle, 1)
    stress = np.diff(faces, axis=-1)
    work = 0.5 * (faces[:, 1:] + faces[:, :-1]) * stress
    return np.stack(
        [density, momentum + amount * np.diff(stress, axis=-1), energy + amount * np.diff(work, axis=-1)]
    )
