"""Advection is the start, moved."""

import numpy as np
import pytest

from isthmus.pde.advection import Advection
from isthmus.pde.equation import centres
from isthmus.pde.sine import RandomSine
from isthmus.seeding import numpy_generator


def draws(count: int) -> list[np.random.Generator]:
    return [numpy_generator(1, i) for i in range(count)]


@pytest.mark.parametrize("beta", [0.5, -1.0])
def test_the_wave_moves_by_whole_cells(beta):
    """At these speeds it moves by 0.01 |beta| in a saved step: a cell in 1 or 2 of them, with 100 cells."""
    u = Advection(beta=beta).sample(draws(12), 100)["tensor"]
    assert u.shape == (12, 201, 100)
    for step in (2, 50, 150, 200):
        np.testing.assert_allclose(u[:, step], np.roll(u[:, 0], round(step * beta), axis=1), atol=1e-8)


def test_it_starts_with_what_was_drawn_and_keeps_to_the_published_speed():
    u = Advection().sample(draws(12), 64)["tensor"]
    start = RandomSine.draw(draws(12))
    np.testing.assert_array_equal(u[:, 0], start(centres(0, 1, 64)))
    np.testing.assert_allclose(u[:, 125], start(centres(0, 1, 64) - 0.5), atol=1e-9)  # 0.4 * 1.25
