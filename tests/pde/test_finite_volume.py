"""Values on faces, and time steps that differ between samples."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pde.equation import Array
from isthmus.pde.finite_volume import heun, integrate, reconstruct_faces


@given(st.integers(0, 99))
def test_faces_lie_between_their_cells(seed: int) -> None:
    cells = np.random.default_rng(seed).integers(-3, 4, (2, 12)).astype(float)
    left, right = reconstruct_faces(cells)
    low, high = np.minimum(cells[:, 1:-2], cells[:, 2:-1]), np.maximum(cells[:, 1:-2], cells[:, 2:-1])
    for side in (left, right):
        assert side.shape == (2, 9)
        assert (low <= side).all()
        assert (side <= high).all()


def test_a_straight_line_is_met_exactly_and_a_curve_to_second_order() -> None:
    x = np.arange(14.0)
    line = np.asarray(2 - 0.3 * x, np.float64)
    for side in reconstruct_faces(line):
        np.testing.assert_allclose(side, 2 - 0.3 * (x[1:-2] + 0.5), rtol=1e-12)
    errors = []
    for cells in (64, 128):
        edges = np.linspace(0, 1, cells + 5)
        means = -np.diff(np.exp(-edges)) / np.diff(edges)
        errors.append(np.abs(reconstruct_faces(means)[0] - np.exp(-edges[2:-2])).max())
    assert 3.3 < errors[0] / errors[1] < 4.4


def test_each_sample_takes_its_own_steps_and_arrives() -> None:
    """u_t = -u with steps of 0.1 and 0.0011: Heun's second order in each."""
    times, longest = np.array([0.0, 0.35, 1.0]), {2.0: 0.1, 3.0: 0.0011}
    taken = {2.0: 0, 3.0: 0}
    heun_step = heun(lambda state: np.stack([-state[0], 0 * state[1]]))

    def step(state: Array, dt: Array) -> Array:
        for first in state[1, :, 0]:
            taken[first] += 1
        return heun_step(state, dt)

    def max_step(state: Array) -> Array:
        return np.array([longest[first] for first in state[1, :, 0]])

    start = np.stack([np.full((2, 3), 4.0), np.repeat([[2.0], [3.0]], 3, axis=1)])  # the second row names
    states = integrate(step, max_step, start, times)
    assert states.shape == (2, 3, 2, 3)
    errors = np.abs(states[:, :, 0, 0] - 4 * np.exp(-times)).max(1)
    assert 1e-3 < errors[0] < 5e-3
    assert errors[1] < 1e-6
    assert taken == {2.0: 4 + 7, 3.0: 319 + 591}
