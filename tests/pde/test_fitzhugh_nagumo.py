"""FitzHugh-Nagumo: an independent integrator on the same cells, order, walls."""

from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

from isthmus.pde.equation import cell_centres
from isthmus.pde.fitzhugh_nagumo import FitzHughNagumo
from isthmus.seeding import numpy_generator

EQUATION = FitzHughNagumo()


def by_runge_kutta(start: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Solve for one sample [2, n, n] with the differences written out: [t, n, n, 2]."""
    cells = start.shape[-1]

    def laplacian(w: np.ndarray) -> np.ndarray:
        e = np.pad(w, 1, mode="edge")
        around = e[2:, 1:-1] + e[:-2, 1:-1] + e[1:-1, 2:] + e[1:-1, :-2]
        laplace: np.ndarray = (around - 4 * w) * (cells / 2) ** 2
        return laplace

    def rate(t: float, state: np.ndarray) -> np.ndarray:
        u, v = state.reshape(start.shape)
        u_t = 1e-3 * laplacian(u) + u - u**3 - 5e-3 - v
        return np.stack([u_t, 5e-3 * laplacian(v) + u - v]).ravel()

    result = solve_ivp(rate, (0, times[-1]), start.ravel(), "DOP853", times, rtol=1e-10, atol=1e-12)
    return np.moveaxis(result.y.T.reshape(-1, *start.shape), 1, -1)


def test_noise_to_patterns() -> None:
    start = np.random.default_rng(0).normal(size=(2, 2, 32, 32))
    states = EQUATION.solve(start, 0.05, 100)
    assert states.shape == (2, 101, 32, 32, 2)
    for i in range(2):
        exact = by_runge_kutta(start[:, i], 0.05 * np.arange(101))
        assert np.abs(states[i] - exact).max() < 5e-5
        assert np.sqrt(np.mean((states[i] - exact) ** 2)) < 3e-6


def test_fourth_order_from_a_smooth_start() -> None:
    x = cell_centres(-1, 1, 16)
    u, v = np.cos(np.pi * x[:, None]) * np.cos(2 * np.pi * x), 0.5 * np.cos(np.pi * x[:, None]) + 0 * x
    start = np.stack([u, v])[:, None]
    exact = by_runge_kutta(start[:, 0], np.array([0, 0.8]))[-1]
    errors = [np.abs(EQUATION.solve(start, 0.8, 1, steps)[0, -1] - exact).max() for steps in (4, 8, 16)]
    assert all(2**3.6 < one / other < 2**4.6 for one, other in pairwise(errors))


def test_a_uniform_start_stays_uniform_and_follows_the_reaction() -> None:
    start = np.stack([np.full((1, 16, 16), 0.8), np.full((1, 16, 16), -0.3)])

    def rate(t: float, w: np.ndarray) -> list[float]:
        return [w[0] - w[0] ** 3 - 5e-3 - w[1], w[0] - w[1]]

    exact = solve_ivp(rate, (0, 5), [0.8, -0.3], rtol=1e-10, atol=1e-12).y[:, -1]
    states = EQUATION.solve(start, 0.05, 100)
    np.testing.assert_allclose(states[0, -1], np.broadcast_to(exact, (16, 16, 2)), atol=1e-7)


def test_v_is_lost_only_to_the_reaction() -> None:
    """Nothing flows through the walls: d/dt of the mean of v is the mean of u - v."""
    states = EQUATION.sample([numpy_generator(7, 0)], 32)["data"][0]
    u, v = np.moveaxis(states.mean((1, 2)), 1, 0)
    gained = np.cumsum(((u - v)[1:] + (u - v)[:-1]) / 2 * 0.05)
    np.testing.assert_allclose(v[1:] - v[0], gained, atol=2e-4)


def test_the_start_is_noise_of_the_cells() -> None:
    start = EQUATION.sample([numpy_generator(7, i) for i in range(4)], 32)["data"][:, 0]
    np.testing.assert_allclose([start.mean(), start.std()], [0, 1], atol=0.03)
    neighbours = (start[:, 1:] * start[:, :-1]).mean(), (start[..., 0] * start[..., 1]).mean()
    np.testing.assert_allclose(neighbours, 0, atol=0.05)
