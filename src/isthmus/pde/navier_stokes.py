"""Compressible flow of a viscous ideal gas in one dimension, periodic.

rho_t + (rho v)_x = 0, (rho v)_t + (rho v^2 + p)_x = (mu v_x)_x, E_t + ((E + p) v)_x = (mu v v_x)_x,
with E = p / (gamma - 1) + rho v^2 / 2. The published paper has mu = 4/3 eta + zeta; its generator, and so the
published file, has mu = (4/3 eta + zeta) rho.
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
WINDOW_PROBABILITY = 0.5


@equations.register("navier-stokes1d")
class NavierStokes(Equation):
    """Finite volumes: MUSCL and HLLC for the inviscid gas, the implicit midpoint rule for viscosity.

    Args:
        eta: Shear viscosity.
        zeta: Bulk viscosity.
        gamma: Ratio of specific heats.
        kinematic: Whether the viscosities are times the density, as in the published file, or stand alone, as
            in the published paper.
        waves: Largest wave number of the initial states.
    """

    about = "a viscous gas: density, pressure and velocity from random waves"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch_size = 8
    layout = Stacked()
    fields: ClassVar = {"density": ("t", "x"), "pressure": ("t", "x"), "Vx": ("t", "x")}

    def __init__(
        self,
        *,
        eta: float = 0.1,
        zeta: float = 0.1,
        gamma: float = 5 / 3,
        kinematic: bool = True,
        waves: int = 3,
    ) -> None:
        require_positive(eta=eta, zeta=zeta, waves=waves)
        if gamma <= 1:
            raise InputError(f"the equation's gamma is {gamma}; give a number above 1", key="equation.gamma")
        self.eta, self.zeta, self.viscosity = eta, zeta, 4 / 3 * eta + zeta
        self.gamma, self.kinematic, self.waves = gamma, kinematic, waves

    @property
    def attributes(self) -> dict[str, float]:
        """Parameters that the published file has as attributes."""
        return {"eta": self.eta, "zeta": self.zeta}

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [-1, 1] and 101 times in [0, 1]."""
        return {"x": cell_centres(LOW, HIGH, resolution), "t": time_points(1, 100)}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves for all three variables: `density`, `Vx`, `pressure` [N, x]."""
        x = self.axes(resolution)["x"]

        def wave() -> Array:
            return RandomSine.draw(rngs, self.waves, WINDOW_PROBABILITY, LOW, HIGH)(x)

        def positive_wave(low: float, high: float) -> Array:
            scale, shift = np.exp([rng.uniform(np.log(low), np.log(high), 2) for rng in rngs]).T
            values: Array = scale[:, None] * rescale_to_unit(wave()) + shift[:, None]
            return values

        return {"density": positive_wave(1, 10), "Vx": wave(), "pressure": positive_wave(10, 100)}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves for all three variables and solve: `density`, `pressure`, `Vx` [N, t, x]."""
        axes, initial = self.axes(resolution), np.stack([*self.start(rngs, resolution).values()])
        density, velocity, pressure = np.moveaxis(
            solve(initial, axes["t"], HIGH - LOW, self.viscosity, self.gamma, self.kinematic), 2, 0
        )
        return {"density": density, "pressure": pressure, "Vx": velocity}


def solve(
    initial: Array, times: Array, length: float, viscosity: float, gamma: float, kinematic: bool = False
) -> Array:
    """Solve for density, velocity and pressure.

    A step consists of half a step of viscosity, a step of the inviscid gas and half a step of viscosity
    (Strang splitting).

    Args:
        initial: Initial density, velocity and pressure in equal cells of a periodic domain, [3, N, x].
        times: Saved times, from 0 on.
        length: Length of the domain.
        viscosity: Viscosity mu, or mu / rho.
        gamma: Ratio of specific heats.
        kinematic: Whether `viscosity` is mu / rho.

    Returns:
        Density, velocity and pressure, [N, t, 3, x].
    """
    dx = length / initial.shape[-1]
    inviscid_step = heun(lambda state: gas_rate(state, dx, gamma))

    def step(state: Array, dt: Array) -> Array:
        half = viscosity * dt / 2
        return diffuse(inviscid_step(diffuse(state, half), dt), half)

    def diffuse(state: Array, amount: Array) -> Array:
        weight = face_density(state[0]) if kinematic else np.ones_like(state[0])
        return _diffuse(state, broadcast_to_state(amount, state) / dx**2 * weight)

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


def face_density(density: Array) -> Array:
    """Return the mean density [N, x] of each cell and the next one, the last cell's being the first."""
    mean: Array = 0.5 * (density + np.roll(density, -1, axis=-1))
    return mean


def _diffuse(state: Array, amount: Array) -> Array:
    """Take a step of viscosity alone: velocity diffuses, and the kinetic energy that it loses becomes heat.

    The implicit midpoint rule conserves momentum and energy, and makes the heat a sum of squares.

    Args:
        state: Density, momentum and energy, [3, N, x].
        amount: mu dt / dx^2 on the face between each cell and the next one, [N, x].
    """
    density, momentum, energy = state
    diagonal = density + 0.5 * (amount + np.roll(amount, 1, axis=-1))
    midpoint = solve_cyclic_tridiagonal(diagonal, -amount / 2, momentum)
    following = np.roll(midpoint, -1, axis=-1)
    stress = amount * (following - midpoint)
    work = 0.5 * (following + midpoint) * stress
    return np.stack([density, momentum + _inflow(stress), energy + _inflow(work)])


def _inflow(flux: Array) -> Array:
    """Return the difference of the fluxes [N, x] through each cell's two faces."""
    return flux - np.roll(flux, 1, axis=-1)
