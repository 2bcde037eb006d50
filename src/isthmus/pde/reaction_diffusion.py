"""Logistic growth and diffusion in one dimension, u_t = nu u_xx + rho u (1 - u), periodic."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy import fft

from isthmus.pde.equation import Array, Equation, centres, equations, instants, require_positive
from isthmus.pde.layout import Stacked
from isthmus.pde.sine import RandomSine, normalised
from isthmus.pde.splitting import Flow, extrapolated, march, strang

END, COUNT = 1.0, 100
STEPS = 1


@equations.register("reaction-diffusion1d")
class ReactionDiffusion(Equation):
    """Both parts solved exactly, the logistic one by its formula and the heat equation by FFT.

    Args:
        nu: diffusion.
        rho: growth.
    """

    about = "a random wave that diffuses and grows to saturation"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch = 16
    layout = Stacked()
    fields: ClassVar = {"tensor": ("t", "x")}

    def __init__(self, *, nu: float = 0.5, rho: float = 1.0) -> None:
        require_positive(nu=nu, rho=rho)
        self.nu, self.rho = nu, rho

    def axes(self, resolution: int) -> dict[str, Array]:
        return {"x": centres(0, 1, resolution), "t": instants(END, COUNT)}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        start = normalised(RandomSine.draw(draws)(self.axes(resolution)["x"]))
        return {"tensor": solve(start, END / COUNT, COUNT, self.nu, self.rho)}


def solve(start: Array, interval: float, count: int, nu: float, rho: float, steps: int = STEPS) -> Array:
    """The state after 0, 1, ... `count` intervals, from `start` [N, x] on the unit interval: [N, t, x].

    Args:
        start: on equidistant points.
        interval: from one time to the next.
        count: of intervals.
        nu, rho: diffusion and growth.
        steps: of the splitting, in an interval.
    """
    step = extrapolated(strang(_logistic(rho), _heat(nu, start.shape[-1])))
    return np.stack(list(march(step, start, interval, count, steps)), axis=1)


def _logistic(rho: float) -> Flow:
    def flow(u: Array, dt: float) -> Array:
        growth = np.exp(rho * dt)
        return growth * u / (1 + (growth - 1) * u)

    return flow


def _heat(nu: float, points: int) -> Flow:
    rates = nu * (2 * np.pi * np.arange(points // 2 + 1)) ** 2

    def flow(u: Array, dt: float) -> Array:
        later: Array = fft.irfft(fft.rfft(u) * np.exp(-rates * dt), points)
        return later

    return flow
