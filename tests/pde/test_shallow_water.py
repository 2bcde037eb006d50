"""Shallow water: a straight dam, a round one, water at rest."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from isthmus.pde.equation import cell_centres
from isthmus.pde.shallow_water import EXTENT, ShallowWater, hllc, solve
from isthmus.seeding import numpy_generator


def dam_break(high: float, low: float, gravity: float, speed: np.ndarray) -> np.ndarray:
    """Height along rays x / t = speed: a rarefaction, a level and a bore (J. J. Stoker, 1957)."""
    c_high = np.sqrt(gravity * high)

    def through_bore(h: float) -> float:
        return float((h - low) * np.sqrt(gravity * (h + low) / (2 * h * low)))

    h = brentq(lambda h: 2 * (c_high - np.sqrt(gravity * h)) - through_bore(h), low, high)
    v = through_bore(h)
    fan = (2 * c_high - speed) ** 2 / (9 * gravity)
    places = [speed < -c_high, speed < v - np.sqrt(gravity * h), speed < h * v / (h - low)]
    return np.select(places, [high, fan, h], low)


@pytest.mark.parametrize("along", ["x", "y"])
def test_a_straight_dam(along: str) -> None:
    errors = []
    for cells in (50, 100, 200):
        x = cell_centres(0, 2, cells)
        strip = np.repeat(np.where(x < 1, 2.0, 1.0)[:, None], 2, axis=1)
        height = strip if along == "x" else strip.T
        end = solve(height[None], np.array([0, 0.3]), 2 / cells * len(height), 1.5)[0, 1]
        exact = dam_break(2, 1, 1.5, (x - 1) / 0.3)
        errors.append(np.abs((end if along == "x" else end.T)[:, 0] - exact).mean())
    assert all(one / other > 1.6 for one, other in pairwise(errors))  # jumps: first order at best
    assert errors[-1] < 0.004


def radial(radius: float, time: float, cells: int) -> np.ndarray:
    """The height along a ray: the equation in r alone, first order (Rusanov), in small cells."""
    r, dr = cell_centres(0, EXTENT, cells), EXTENT / cells
    h, m, now = np.where(r <= radius, 2.0, 1.0), np.zeros(cells), 0.0
    while now < time:
        around = [np.pad(h, 1, mode="edge"), np.pad(m, 1, mode="edge")]
        around[1][0] *= -1
        state = np.stack(around)
        v = state[1] / state[0]
        flux = np.stack([state[1], state[1] * v + state[0] ** 2 / 2])
        fastest = (np.abs(v) + np.sqrt(state[0])).max()
        dt = min(0.5 * dr / fastest, time - now)
        through = (flux[:, 1:] + flux[:, :-1]) / 2 - fastest / 2 * np.diff(state, axis=1)
        spread = np.stack([m, m**2 / h]) / r
        h, m = np.stack([h, m]) - dt * (np.diff(through, axis=1) / dr + spread)
        now += dt
    return h


def test_a_round_dam_solves_the_radial_equation() -> None:
    x, times = cell_centres(0, EXTENT, 64), np.array([0, 0.5, 1.0])
    inside = np.hypot(x[:, None], x) <= 0.5
    height = solve(np.where(inside, 2.0, 1.0)[None], times, EXTENT, 1.0)[0]
    fine = cell_centres(0, EXTENT, 1600)
    distance = np.hypot(x[:, None], x)
    near = distance < EXTENT
    for i in (1, 2):
        exact = np.interp(distance, fine, radial(0.5, times[i], 1600))
        assert np.abs(height[i] - exact)[near].mean() < 0.006
        assert np.abs(exact - 1)[near].mean() > 0.04


def test_published_samples_are_symmetric_and_keep_their_water_while_it_stays_inside() -> None:
    height = ShallowWater().sample([numpy_generator(5, i) for i in range(3)], 32)["data"][..., 0]
    assert height.shape == (3, 101, 32, 32)
    np.testing.assert_array_equal(height, height[:, :, ::-1])
    np.testing.assert_array_equal(height, height[..., ::-1])
    np.testing.assert_allclose(height, height.swapaxes(2, 3), atol=1e-12)
    assert np.unique(height[:, 0]).tolist() == [1, 2]
    volume = height.sum((2, 3))
    np.testing.assert_allclose(
        volume, volume[:, :1] + 0 * volume, rtol=1e-4
    )  # a first trace reaches the edge
    np.testing.assert_allclose(volume[:, :20], volume[:, :1] + 0 * volume[:, :20], rtol=1e-12)


def test_water_at_rest_stays_and_waves_leave() -> None:
    rest = solve(np.full((1, 8, 8), 1.7), np.array([0, 1.0]), 1.0, 9.8)
    np.testing.assert_array_equal(rest, 1.7)
    x = cell_centres(0, 1, 32)
    wave = 1 + 0.1 * np.exp(-((x / 0.2) ** 2))
    after = solve(np.repeat(wave[None, :, None], 2, axis=2), np.array([0, 4.0]), 1.0, 1.0)[0, 1]
    assert np.abs(after - 1).max() < 2e-3


def test_the_flux_of_equal_states_is_the_waters_own() -> None:
    h, v, w = 2.0, np.array([-9.0, -0.5, 0.5, 9.0]), 0.3
    state = np.stack([h + 0 * v, v, w + 0 * v])
    np.testing.assert_allclose(hllc(state, state, 1.5), [h * v, h * v**2 + 0.75 * h**2, h * v * w])


def test_an_odd_pool_is_refused(refuses: Callable[..., Any]) -> None:
    with refuses("value", "resolution"):
        ShallowWater().axes(33)
