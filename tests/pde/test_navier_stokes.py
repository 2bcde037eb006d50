"""The gas: Sod's tube, damped sound, what is conserved, order."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from isthmus.pde.equation import cell_centres
from isthmus.pde.navier_stokes import NavierStokes, conserved, hllc, primitive, solve
from isthmus.seeding import numpy_generator


def riemann(
    left: tuple[float, float], right: tuple[float, float], gamma: float, speed: np.ndarray
) -> np.ndarray:
    """Density, velocity, pressure along rays x / t = speed, for two states at rest, p high on the left.

    A rarefaction runs to the left and a shock to the right, with one pressure between them.
    """
    (d_l, p_l), (d_r, p_r) = left, right
    c_l, power = np.sqrt(gamma * p_l / d_l), (gamma - 1) / (2 * gamma)

    def behind_rarefaction(p: float) -> float:
        return float(2 * c_l / (gamma - 1) * (1 - (p / p_l) ** power))

    def behind_shock(p: float) -> float:
        return float((p - p_r) * np.sqrt(2 / d_r / ((gamma + 1) * p + (gamma - 1) * p_r)))

    p = brentq(lambda p: behind_rarefaction(p) - behind_shock(p), p_r, p_l)
    v, d_behind = behind_shock(p), d_l * (p / p_l) ** (1 / gamma)
    ratio, small = p / p_r, (gamma - 1) / (gamma + 1)
    d_shocked = d_r * (ratio + small) / (small * ratio + 1)
    shock = v * d_shocked / (d_shocked - d_r)
    fan = 2 / (gamma + 1) * (c_l + speed)  # velocity in the rarefaction
    d_fan = d_l * (1 - (gamma - 1) / 2 * fan / c_l) ** (2 / (gamma - 1))
    tail = v - c_l * (p / p_l) ** power
    places = [speed < -c_l, speed < tail, speed < v, speed < shock]
    return np.stack(
        [
            np.select(places, [d_l, d_fan, d_behind, d_shocked], d_r),
            np.select(places, [0, fan, v, v], 0),
            np.select(places, [p_l, p_l * (d_fan / d_l) ** gamma, p, p], p_r),
        ]
    )


def test_sods_tube_without_viscosity() -> None:
    """Two tubes end to end are periodic; what is compared is the part that only one of them reaches."""
    gamma, t, errors = 1.4, 0.15, []
    for cells in (100, 200, 400):
        x = cell_centres(-1, 1, cells)
        inner = np.abs(x) < 0.5
        start = np.stack([np.where(inner, 1, 0.125), 0 * x, np.where(inner, 1, 0.1)])
        end = solve(start[:, None], np.array([0, t]), 2.0, 0.0, gamma)[0, 1]
        exact = riemann((1, 1), (0.125, 0.1), gamma, (x - 0.5) / t)
        errors.append(np.abs(end - exact)[:, (x > 0.1) & (x < 0.9)].mean(1))
    assert all((one / other > 1.5).all() for one, other in pairwise(errors))  # jumps: first order at best
    assert (errors[-1] < [0.004, 0.008, 0.004]).all()


def test_a_little_viscosity_comes_near_sods_tube() -> None:
    x, t = cell_centres(-1, 1, 400), 0.15
    inner = np.abs(x) < 0.5
    start = np.stack([np.where(inner, 1, 0.125), 0 * x, np.where(inner, 1, 0.1)])[:, None]
    exact = riemann((1, 1), (0.125, 0.1), 1.4, (x - 0.5) / t)[:, (x > 0.1) & (x < 0.9)]
    ends = [solve(start, np.array([0, t]), 2.0, mu, 1.4)[0, 1] for mu in (0.01, 0.003, 0.001, 0.0)]
    errors = [np.abs(end[:, (x > 0.1) & (x < 0.9)] - exact).mean() for end in ends]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("kinematic", [True, False])
def test_sound_is_damped_as_stokes_says(kinematic: bool) -> None:
    """A standing wave of small height: v decays at mu k^2 / 2 rho and turns at the speed of sound."""
    gamma, density, pressure, mu, height = 5 / 3, 2.0, 3.0, 0.05, 1e-5
    x, times, k = cell_centres(-1, 1, 128), np.linspace(0, 1, 5), np.pi
    start = np.stack([density + 0 * x, height * np.sin(k * x), pressure + 0 * x])
    given = mu / density if kinematic else mu
    v = solve(start[:, None], times, 2.0, given, gamma, kinematic)[0, :, 1]
    decay = mu * k**2 / (2 * density)
    turn = np.sqrt(gamma * pressure / density * k**2 - decay**2)
    swing = np.exp(-decay * times) * (np.cos(turn * times) - decay / turn * np.sin(turn * times))
    np.testing.assert_allclose(v, height * swing[:, None] * np.sin(k * x), atol=2e-3 * height)


def test_mass_momentum_and_energy_are_conserved_and_viscosity_heats() -> None:
    equation = NavierStokes()
    result = equation.sample([numpy_generator(4, i) for i in range(3)], 64)
    d, v, p = (result[field] for field in ("density", "Vx", "pressure"))
    energy = p / (equation.gamma - 1) + d * v**2 / 2
    for amount, scale in ((d, d), (d * v, d), (energy, energy)):
        total = amount.sum(2)
        np.testing.assert_allclose(total, total[:, :1] + 0 * total, atol=1e-12 * scale.sum(2).max())
    entropy = (d * np.log(p / d**equation.gamma)).sum(2)
    assert (np.diff(entropy, axis=1) > 0).all()
    assert min(d.min(), p.min()) > 0


def test_viscosity_is_weighted_by_the_density_of_both_cells() -> None:
    """A gas of even pressure at rest but for one cell, whose two neighbours are of different densities.

    As published, momentum mu (d_i + d_j) / 2 (v_j - v_i) / dx goes through a face, and energy likewise with
    half the difference of v^2.
    """
    density, velocity, mu, dx, dt = np.array([1.0, 2.0, 6.0, 4.0]), np.zeros(4), 0.1, 0.5, 1e-7
    velocity[1] = 1e-3
    start = np.stack([density, velocity, np.full(4, 1e-9)])[:, None]
    d, v, p = solve(start, np.array([0, dt]), 4 * dx, mu, 5 / 3, kinematic=True)[0, 1]
    moved = conserved(np.stack([d, v, p]), 5 / 3) - conserved(start, 5 / 3)[:, 0]
    still = conserved(solve(start, np.array([0, dt]), 4 * dx, 1e-12, 5 / 3)[0, 1], 5 / 3)
    moved -= still - conserved(start, 5 / 3)[:, 0]  # what sound does without viscosity
    weight = mu * dt / dx**2
    before, after = 1.5 * weight, 4.0 * weight
    np.testing.assert_allclose(moved[1] / 1e-3, [before, -before - after, after, 0], atol=1e-4 * weight)
    np.testing.assert_allclose(moved[2] / 1e-6, np.array([before, -before - after, after, 0]) / 2, rtol=1e-3)
    assert primitive(conserved(start, 5 / 3), 5 / 3)[2] == pytest.approx(start[2])


def test_second_order_where_the_flow_is_smooth() -> None:
    def flow(cells: int) -> np.ndarray:
        x = np.pi * cell_centres(-1, 1, cells)
        start = np.stack([2 + 0.3 * np.sin(x), 0.5 * np.cos(x), 4 + np.sin(2 * x)])
        end = solve(start[:, None], np.array([0, 0.2]), 2.0, 0.1, 5 / 3)[0, 1]
        means: np.ndarray = end.reshape(3, 32, -1).mean(2)
        return means

    fine = flow(1024)
    errors = [np.abs(flow(cells) - fine).mean() for cells in (64, 128, 256)]
    assert all(3.3 < one / other < 5 for one, other in pairwise(errors))


def test_the_flux_of_equal_states_is_the_gas_own_and_a_contact_at_rest_stays() -> None:
    d, v, p, gamma = 2.0, np.array([-5.0, -0.5, 0.5, 5.0]), 3.0, 1.4
    state = np.stack([d + 0 * v, v, p + 0 * v])
    energy = p / (gamma - 1) + d * v**2 / 2
    np.testing.assert_allclose(hllc(state, state, gamma), [d * v, d * v**2 + p, (energy + p) * v])
    rest = hllc(np.array([[1.0], [0.0], [3.0]]), np.array([[8.0], [0.0], [3.0]]), gamma)
    np.testing.assert_allclose(rest, [[0], [3], [0]], atol=1e-15)


def test_a_gas_without_degrees_of_freedom_is_refused(refuses: Callable[..., Any]) -> None:
    with refuses("value", "equation.gamma"):
        NavierStokes(gamma=1.0)
