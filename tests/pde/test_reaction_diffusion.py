"""Logistic growth and diffusion: closed forms of each alone, order and accuracy of both together."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from isthmus.pde.equation import cell_centres
from isthmus.pde.reaction_diffusion import ReactionDiffusion, solve
from isthmus.seeding import numpy_generator

X = cell_centres(0, 1, 64)
WAVE = np.sin(2 * np.pi * X)


def test_diffusion_alone() -> None:
    u = solve(0.5 + 0.5 * WAVE[None], 0.01, 10, nu=0.5, rho=0.0)
    decay = np.exp(-0.5 * (2 * np.pi) ** 2 * 0.01 * np.arange(11))
    np.testing.assert_allclose(u[0], 0.5 + 0.5 * decay[:, None] * WAVE, atol=1e-12)


def test_growth_alone() -> None:
    """A uniform start has nothing to diffuse."""
    level = np.array([[0.0], [0.2], [0.9], [1.0]])
    u = solve(np.repeat(level, 64, axis=1), 0.1, 10, nu=0.5, rho=2.0)
    growth = np.exp(2.0 * 0.1 * np.arange(11))
    np.testing.assert_allclose(u[..., 7], level * growth / (1 - level + level * growth), atol=1e-12)


def test_order_of_the_two_together() -> None:
    start = 0.5 + 0.5 * WAVE[None]
    ends = [solve(start, 0.1, 2, nu=0.05, rho=3.0, steps=steps)[0, -1] for steps in (2, 4, 8, 64)]
    errors = [np.abs(end - ends[-1]).max() for end in ends[:-1]]
    assert all(2**3.7 < one / other < 2**4.5 for one, other in pairwise(errors))


def test_accuracy_of_published_starts_windows_and_kinks_among_them() -> None:
    equation, draws = ReactionDiffusion(), [numpy_generator(3, i) for i in range(16)]
    u = equation.sample(draws, 1024)["tensor"][:, :11]
    exact = solve(u[:, 0], 0.01, 10, nu=0.5, rho=1.0, steps=8)
    assert np.abs(u - exact).max() < 2e-6


def test_negative_diffusion_is_refused(refuses: Callable[..., Any]) -> None:
    with refuses("value", "equation.nu"):
        ReactionDiffusion(nu=-1.0)
