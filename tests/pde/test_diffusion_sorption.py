"""Diffusion and sorption: closed forms where R is constant, an independent integrator where it is not."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import erfc

from isthmus.pde.diffusion_sorption import DiffusionSorption
from isthmus.pde.equation import cell_centres, time_points

TIMES = time_points(500, 100)
LEVELS = np.array([1e-4, 0.05, 0.2])


def uniform(cells: int) -> np.ndarray:
    return np.repeat(LEVELS[:, None], cells, axis=1)


def test_a_front_in_a_ground_that_holds_back_in_proportion() -> None:
    """With n_f = 1 R is constant and u diffuses; before the far end is felt, an error function."""
    equation = DiffusionSorption(exponent=1.0)
    slowed = equation.diffusion / (1 + equation.sorption)
    x, times = cell_centres(0, 1, 1024), TIMES[:9]
    u = equation.solve(uniform(1024), times)
    for i, t in enumerate(times[1:], 1):
        near = x < 0.5
        front = LEVELS[:, None] + (1 - LEVELS[:, None]) * erfc(x[near] / np.sqrt(4 * slowed * t))
        np.testing.assert_allclose(u[:, i, near], front, atol=5e-5)


def test_what_stays_is_a_straight_line() -> None:
    """From 1 on the left to what meets u = -D u_x on the right."""
    equation = DiffusionSorption(diffusion=0.2)
    u = equation.solve(uniform(32), time_points(1000, 10))[:, -1]
    np.testing.assert_allclose(u, np.broadcast_to(1 - cell_centres(0, 1, 32) / 1.2, u.shape), atol=1e-9)


def test_time_is_integrated_to_fifth_order() -> None:
    """The same cells handed to an implicit integrator with tight tolerances."""
    equation, start = DiffusionSorption(), uniform(48)

    def rate(t: float, u: np.ndarray) -> np.ndarray:
        retardation = 1 + equation.sorption * equation.exponent * u ** (equation.exponent - 1)
        change: np.ndarray = equation.diffusion_term(u[None])[0] / retardation
        return change

    exact = np.stack([solve_ivp(rate, (0, 500), u, "Radau", TIMES, rtol=1e-9, atol=1e-11).y.T for u in start])
    errors = [np.abs(equation.solve(start, TIMES, step) - exact).max() for step in (0.25, 0.125, 0.0625)]
    assert errors[1] < 1.5e-5
    assert all(18 < one / other < 40 for one, other in pairwise(errors))


def test_space_is_resolved_to_second_order() -> None:
    equation = DiffusionSorption()
    means = [
        equation.solve(uniform(n), TIMES[:41]).reshape(3, 41, 32, -1).mean(3) for n in (32, 64, 128, 512)
    ]
    errors = [np.abs(mean - means[-1])[:, 20:].max() for mean in means[:-1]]
    assert all(3.5 < one / other < 5 for one, other in pairwise(errors))


def test_what_flows_in_is_what_is_held() -> None:
    """Content changes by what crosses the ends, at the middle of many short intervals."""
    equation, times = DiffusionSorption(), np.linspace(0, 200, 801)
    u = equation.solve(uniform(64), times)
    held = equation.content(u).mean(2)
    flow = np.stack([equation.diffusion_term(u[:, i]).mean(1) for i in range(400, 801)], axis=1)
    through = ((flow[:, 1:] + flow[:, :-1]) / 2 * 0.25).sum(1)
    np.testing.assert_allclose(held[:, -1] - held[:, 400], through, rtol=5e-6)


@pytest.mark.parametrize(
    ("parameter", "value", "key"),
    [
        ("porosity", 1.0, "equation.porosity"),
        ("exponent", 0.5, "equation.exponent"),
        ("density", 0.0, "equation.density"),
    ],
)
def test_ground_that_cannot_be_is_refused(
    parameter: str, value: float, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses("value", key):
        DiffusionSorption(**{parameter: value})
