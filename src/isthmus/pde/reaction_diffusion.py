"""Logistic growth and diffusion in one dimension, u_t = nu u_xx + rho u (1 - u), periodic."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy import fft

from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive, time_points
from isthmus.pde.hdf5_layouts import Stacked
from isthmus.pde.sine import RandomSine, rescale_to_unit
from isthmus.pde.splitting import Flow, extrapolate, integrate, strang

END, INTERVALS = 1.0, 100
STEPS = 1
"""Number of splitting steps in an interval between saved times"""


@equations.register("reaction-diffusion1d")
class ReactionDiffusion(Equation):
    """Splitting into two parts solved exactly: logistic growth by its formula, the heat equation by FFT.

    Args:
        nu: Diffusion coefficient.
        rho: Growth rate.
        waves: Largest wave number of the initial states.
    """

    about = "a random wave that diffuses and grows to saturation"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch_size = 16
    layout = Stacked()
    fields: ClassVar = {"tensor": ("t", "x")}

    def __init__(self, *, nu: float = 0.5, rho: float = 1.0, waves: int = 4) -> None:
        require_positive(nu=nu, rho=rho, waves=waves)
        self.nu, self.rho, self.waves = nu, rho, waves

    @property
    def attributes(self) -> dict[str, float]:
        """Parameters that the published file has as attributes."""
        return {"Nu": self.nu, "rho": self.rho}

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [0, 1] and 101 times in [0, 1]."""
        return {"x": cell_centres(0, 1, resolution), "t": time_points(END, INTERVALS)}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves between 0 and 1: `u` [N, x]."""
        return {"u": rescale_to_unit(RandomSine.draw(rngs, self.waves)(self.axes(resolution)["x"]))}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves between 0 and 1 and solve: `tensor` [N, t, x]."""
        initial = self.start(rngs, resolution)["u"]
        return {"tensor": solve(initial, END / INTERVALS, INTERVALS, self.nu, self.rho)}


def solve(initial: Array, interval: float, count: int, nu: float, rho: float, steps: int = STEPS) -> Array:
    """Solve on the unit interval for the state after 0, 1, ... `count` intervals.

    Args:
        initial: Initial state [N, x] on equidistant points.
        interval: Time between two saved states.
        count: Number of intervals.
        nu: Diffusion coefficient.
        rho: Growth rate.
        steps: Number of splitting steps in an interval.

    Returns:
        States [N, t, x].
    """
    step = extrapolate(strang(_logistic_flow(rho), _heat_flow(nu, initial.shape[-1])))
    return np.stack(list(integrate(step, initial, interval, count, steps)), axis=1)


def _logistic_flow(rho: float) -> Flow:
    """Return the exact solution of u_t = rho u (1 - u)."""

    def flow(u: Array, dt: float) -> Array:
        growth = np.exp(rho * dt)
        later: Array = growth * u / (1 + (growth - 1) * u)
        return later

    return flow


def _heat_flow(nu: float, points: int) -> Flow:
    """Return the exact solution of u_t = nu u_xx on the modes of a grid of so many points."""
    rates = nu * (2 * np.pi * np.arange(points // 2 + 1)) ** 2

    def flow(u: Array, dt: float) -> Array:
        later: Array = fft.irfft(fft.rfft(u) * np.exp(-rates * dt), points)
        return later

    return flow
