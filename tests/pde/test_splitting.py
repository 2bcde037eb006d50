"""Splitting, on two matrices that do not commute: the exact flow is known."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.linalg import expm

from isthmus.pde.splitting import Flow, extrapolate, integrate, strang

ONE, OTHER = np.array([[0.0, 1.0], [-2.0, -0.5]]), np.array([[-1.0, 0.3], [0.2, 0.4]])
SPLIT = strang(lambda u, dt: expm(dt * ONE) @ u, lambda u, dt: expm(dt * OTHER) @ u)
START = np.array([1.0, -0.7])


@pytest.mark.parametrize(("flow", "order"), [(SPLIT, 2), (extrapolate(SPLIT), 4)])
def test_order(flow: Flow, order: int) -> None:
    exact = expm(ONE + OTHER) @ START
    errors = []
    for steps in (4, 8, 16):
        *_, end = integrate(flow, START, 0.5, 2, steps)
        errors.append(np.abs(end - exact).max())
    assert all(2 ** (order - 0.2) < one / other < 2 ** (order + 0.3) for one, other in pairwise(errors))


def test_the_start_is_given_and_each_interval_is_done_in_full() -> None:
    *states, end = integrate(lambda u, dt: u + dt, START, 0.5, 3, 2)
    np.testing.assert_array_equal(states[0], START)
    np.testing.assert_allclose([u - START for u in [*states[1:], end]], [[0.5] * 2, [1.0] * 2, [1.5] * 2])
