"""The random initial states, against their definition evaluated for one sample at a time."""

import math

import numpy as np

from isthmus.pde.sine import RandomSine, rescale_to_unit
from isthmus.seeding import numpy_generator

X = np.linspace(-1, 1, 57)


def rngs(count: int) -> list[np.random.Generator]:
    return [numpy_generator("start", i) for i in range(count)]


def by_hand(start: RandomSine, i: int, x: float) -> float:
    """Evaluate sample i at x."""
    length = start.high - start.low
    u: float = sum(
        a * math.sin(2 * math.pi * n / length * (x - start.low) + phase)
        for n, a, phase in zip(start.waves[i], start.amplitudes[i], start.phases[i], strict=True)
    )
    u = start.sign[i] * (abs(u) if start.positive[i] else u)
    if start.windowed[i]:
        left, right = start.window[i]
        u *= 0.5 * (math.tanh((x - left) / 0.01) - math.tanh((x - right) / 0.01))
    return float(u)


def test_values_by_hand() -> None:
    start = RandomSine.draw(rngs(24), waves=3, window_probability=0.5, low=-1, high=1)
    assert start.positive.any()
    assert start.windowed.any()
    expected = [[by_hand(start, i, x) for x in X] for i in range(24)]
    np.testing.assert_allclose(start(X), expected, atol=1e-12)


def test_any_shape_of_points_and_any_period() -> None:
    start = RandomSine.draw(rngs(24), window_probability=0.5)
    np.testing.assert_array_equal(start(X[:56].reshape(7, 8)).reshape(24, 56), start(X[:56]))
    np.testing.assert_allclose(start(X + 3.0), start(X), atol=1e-9)


def test_draws_are_distributed_as_published() -> None:
    start = RandomSine.draw(rngs(2000))
    times = start.waves / np.arange(1, 5)  # each mode was drawn
    np.testing.assert_array_equal(times.sum(1), 2)
    assert np.unique(times).tolist() == [0, 1, 2]
    np.testing.assert_allclose(times.mean(0), 2 / 4, atol=0.05)
    np.testing.assert_allclose(start.amplitudes.mean(), 0.5, atol=0.03)
    np.testing.assert_allclose(start.phases.mean(), np.pi, atol=0.2)
    np.testing.assert_allclose([start.positive.mean(), start.windowed.mean()], 0.1, atol=0.03)
    assert np.unique(start.sign).tolist() == [-1, 1]
    np.testing.assert_allclose(start.sign.mean(), 0, atol=0.1)
    low, high = start.window[start.windowed].min(0), start.window[start.windowed].max(0)
    np.testing.assert_allclose([*low, *high], [0.1, 0.55, 0.135, 0.585], atol=0.005)
    np.testing.assert_allclose(np.diff(start.window), 0.45)


def test_rescaled_samples_reach_from_0_to_1() -> None:
    u = rescale_to_unit(RandomSine.draw(rngs(6))(X))
    np.testing.assert_array_equal([u.min(1), u.max(1)], [[0] * 6, [1] * 6])
