"""Burgers' equation in one dimension, u_t + (u^2 / 2)_x = (nu / pi) u_xx, periodic: Cole-Hopf by FFT."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from isthmus.errors import InputError
from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive, time_points
from isthmus.pde.hdf5_layouts import Stacked
from isthmus.pde.sine import RandomSine

MIN_NU = 0.1
FINE_POINTS = 2048
"""Least number of grid points on which the initial state is transformed; it resolves any of them"""


@equations.register("burgers1d")
class Burgers(Equation):
    """Cole-Hopf transform to the heat equation (Hopf 1950, Cole 1951), solved exactly mode by mode.

    Args:
        nu: Published viscosity; the factor of u_xx is nu / pi. Below 0.1 the exponential of the transform
            spans more digits than float64 has.
        waves: Largest wave number of the initial states.
    """

    about = "a random wave that steepens and is smoothed by viscosity"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch_size = 2
    layout = Stacked()
    fields: ClassVar = {"tensor": ("t", "x")}

    def __init__(self, *, nu: float = 1.0, waves: int = 4) -> None:
        if nu < MIN_NU:
            raise InputError(
                f"the equation's nu is {nu}; the Cole-Hopf transform has digits enough from {MIN_NU} on",
                key="equation.nu",
            )
        require_positive(waves=waves)
        self.nu, self.waves, self.viscosity = nu, waves, nu / np.pi

    @property
    def attributes(self) -> dict[str, float]:
        """Parameters that the published file has as attributes."""
        return {"Nu": self.nu}

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [0, 1] and 201 times in [0, 2]."""
        return {"x": cell_centres(0, 1, resolution), "t": time_points(2, 200)}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves: `u` [N, x]."""
        return {"u": RandomSine.draw(rngs, self.waves)(self.axes(resolution)["x"])}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves and solve on a fine grid: `tensor` [N, t, x]."""
        # An odd factor makes the cells' centres a subset of those of the fine grid.
        factor = _next_odd(FINE_POINTS / resolution)
        initial = self.start(rngs, factor * resolution)["u"]
        u = solve(initial, self.axes(resolution)["t"], self.viscosity)
        return {"tensor": u[..., factor // 2 :: factor]}


def solve(initial: Array, times: Array, viscosity: float) -> Array:
    """Solve Burgers' equation on the unit interval.

    With the mean m subtracted (the wave then moves by m t), u = -2 eps phi_x / phi, where phi solves the
    heat equation phi_t = eps phi_xx with the initial state phi = exp(-integral of u / 2 eps).

    Args:
        initial: Initial state [N, x] on equidistant points.
        times: Times at which the solution is returned.
        viscosity: Factor eps of u_xx.

    Returns:
        Solution [N, t, x].
    """
    points = initial.shape[-1]
    wave = 2j * np.pi * np.arange(points // 2 + 1)
    mean = initial.mean(1, keepdims=True)
    integral = fft.irfft(_integrated(fft.rfft(initial - mean), wave), points)
    phi = fft.rfft(np.exp(-integral / (2 * viscosity)))
    t = times[:, None]
    phi = phi[:, None] * np.exp(viscosity * t * wave**2 - t * wave * mean[:, None])
    u: Array = -2 * viscosity * fft.irfft(phi * wave, points) / fft.irfft(phi, points) + mean[:, None]
    u[:, times == 0] = initial[:, None]
    return u


def _integrated(modes: NDArray[np.complex128], wave: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the Fourier modes of the integral with mean 0."""
    return np.divide(modes, wave, out=np.zeros_like(modes), where=wave != 0)


def _next_odd(minimum: float) -> int:
    """Return the smallest odd number that is at least `minimum`."""
    return int(2 * np.ceil((minimum - 1) / 2) + 1) if minimum > 1 else 1
