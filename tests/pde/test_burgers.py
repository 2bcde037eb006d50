"""Burgers' equation against Cole-Hopf by quadrature over the whole line, mean and all."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from isthmus.pde.burgers import Burgers, solve
from isthmus.pde.equation import Array, cell_centres
from isthmus.pde.sine import RandomSine
from isthmus.seeding import numpy_generator

MEAN, WAVES = 0.3, {1: 0.8, 3: -0.5}  # wave number: amplitude of the cosine


def start(x: Array) -> Array:
    return MEAN + sum((a * np.cos(2 * np.pi * n * x) for n, a in WAVES.items()), 0 * x)


def integral(x: Array) -> Array:
    return sum((a * np.sin(2 * np.pi * n * x) / (2 * np.pi * n) for n, a in WAVES.items()), MEAN * x)


def by_quadrature(x: Array, t: float, viscosity: float) -> Array:
    """Return the mean of (x - y) / t under the weight exp(-((x - y)^2 / 2t + integral(y)) / 2 eps)."""
    reach = 9 * np.sqrt(2 * viscosity * t) + t  # the weight is negligible beyond
    y = x[:, None] + np.linspace(-reach, reach, 4001)
    action = -((x[:, None] - y) ** 2 / (2 * t) + integral(y)) / (2 * viscosity)
    weight = np.exp(action - action.max(1, keepdims=True))
    mean: Array = ((x[:, None] - y) / t * weight).sum(1) / weight.sum(1)
    return mean


@pytest.mark.parametrize("nu", [0.1, 1.0, 4.0])
def test_against_quadrature(nu: float) -> None:
    x, times = cell_centres(0, 1, 128), np.array([0.0, 0.01, 0.1, 0.5, 2.0])
    u = solve(start(x)[None], times, nu / np.pi)
    np.testing.assert_array_equal(u[0, 0], start(x))
    for computed, t in zip(u[0, 1:], times[1:], strict=True):
        np.testing.assert_allclose(computed, by_quadrature(x, t, nu / np.pi), atol=1e-8)


def test_the_mean_stays_and_the_energy_falls() -> None:
    waves = RandomSine.draw([numpy_generator(2, i) for i in range(16)])(cell_centres(0, 1, 255))
    u = solve(waves, np.linspace(0, 2, 11), 1 / np.pi)
    np.testing.assert_allclose(u.mean(2), u[:, :1].mean(2) * np.ones((1, 11)), atol=1e-14)
    assert (np.diff((u**2).sum(2), axis=1) <= 1e-12).all()


def test_a_coarse_grid_holds_the_values_of_a_fine_one() -> None:
    """Rough starts too: what is solved does not depend on what is written."""
    coarse, fine = (
        Burgers().sample([numpy_generator(2, i) for i in range(12)], points)["tensor"]
        for points in (100, 900)
    )
    np.testing.assert_allclose(coarse, fine[..., 4::9], atol=2e-5)


def test_a_viscosity_with_too_few_digits_is_refused(refuses: Callable[..., Any]) -> None:
    with refuses("value", "equation.nu"):
        Burgers(nu=0.01)
