"""Advection: the initial state, shifted."""

import numpy as np
import pytest

from isthmus.pde.advection import Advection
from isthmus.pde.equation import cell_centres
from isthmus.pde.sine import RandomSine
from isthmus.seeding import numpy_generator


def rngs(count: int) -> list[np.random.Generator]:
    return [numpy_generator(1, i) for i in range(count)]


@pytest.mark.parametrize("beta", [0.5, -1.0])
def test_the_wave_moves_by_whole_cells(beta: float) -> None:
    """At these speeds the wave moves by a cell of 100 in one or two of the intervals between saved times."""
    u = Advection(beta=beta).sample(rngs(12), 100)["tensor"]
    assert u.shape == (12, 201, 100)
    for step in (2, 50, 150, 200):
        np.testing.assert_allclose(u[:, step], np.roll(u[:, 0], round(step * beta), axis=1), atol=1e-8)


def test_it_starts_with_the_drawn_state_and_moves_at_the_published_speed() -> None:
    u = Advection().sample(rngs(12), 64)["tensor"]
    initial = RandomSine.draw(rngs(12))
    np.testing.assert_array_equal(u[:, 0], initial(cell_centres(0, 1, 64)))
    np.testing.assert_allclose(u[:, 125], initial(cell_centres(0, 1, 64) - 0.5), atol=1e-9)  # 0.4 * 1.25
