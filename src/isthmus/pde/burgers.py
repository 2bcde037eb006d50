"""Burgers' equation in one dimension, u_t + (u^2 / 2)_x = (nu / pi) u_xx, periodic: Cole-Hopf by FFT."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from isthmus.errors import InputError
from isthmus.pde.equation import Array, Equation, centres, equations, instants
from isthmus.pde.layout import Stacked
from isthmus.pde.sine import RandomSine

LEAST_NU = 0.1
FINE = 2048  # points that resolve any start


@equations.register("burgers1d")
class Burgers(Equation):
    """The heat equation in disguise (Hopf 1950, Cole 1951), solved exactly mode by mode.

    Args:
        nu: the published viscosity; the one before u_xx is nu / pi. Below 0.1 the transform's exponential
            spans more digits than float64 has.
    """

    about = "a random wave that steepens and is smoothed by viscosity"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch = 2
    layout = Stacked()
    fields: ClassVar = {"tensor": ("t", "x")}

    def __init__(self, *, nu: float = 1.0) -> None:
        if nu < LEAST_NU:
            raise InputError(
                f"the equation's nu is {nu}; the Cole-Hopf transform has digits enough from {LEAST_NU} on"
            )
        self.viscosity = nu / np.pi

    def axes(self, resolution: int) -> dict[str, Array]:
        return {"x": centres(0, 1, resolution), "t": instants(2, 200)}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        every = _odd(FINE / resolution)  # then the cells' centres are among those of the fine grid
        start = RandomSine.draw(draws)(centres(0, 1, every * resolution))
        u = solve(start, self.axes(resolution)["t"], self.viscosity)
        return {"tensor": u[..., every // 2 :: every]}


def solve(start: Array, times: Array, viscosity: float) -> Array:
    """Burgers' equation from `start` [N, x] on equidistant points of the unit interval: [N, t, x].

    With the mean m taken off (the wave then moves by m t), u = -2 eps phi_x / phi, where phi solves the
    heat equation phi_t = eps phi_xx from phi = exp(-integral of u / 2 eps).
    """
    points = start.shape[-1]
    wave = 2j * np.pi * np.arange(points // 2 + 1)
    mean = start.mean(1, keepdims=True)
    integral = fft.irfft(_divided(fft.rfft(start - mean), wave), points)
    phi = fft.rfft(np.exp(-integral / (2 * viscosity)))
    later = times[:, None]
    phi = phi[:, None] * np.exp(viscosity * later * wave**2 - later * wave * mean[:, None])
    u = -2 * viscosity * fft.irfft(phi * wave, points) / fft.irfft(phi, points) + mean[:, None]
    u[:, times == 0] = start[:, None]
    return u


def _divided(modes: NDArray[np.complex128], wave: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Modes of the integral with mean 0."""
    return np.divide(modes, wave, out=np.zeros_like(modes), where=wave != 0)


def _odd(least: float) -> int:
    """The smallest odd number that is at least `least`."""
    return int(2 * np.ceil((least - 1) / 2) + 1) if least > 1 else 1
