"""Conjugate gradients and their preconditioner, against direct solution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pde.elliptic import FaceConductances, conjugate_gradients, harmonic_mean, poisson_inverse


def dense(a: FaceConductances, points: int) -> np.ndarray:
    """The matrix of one sample's operator, column by column."""
    columns = np.eye(points**2).reshape(-1, 1, points, points)
    return np.stack([a.apply(column).ravel() for column in columns], axis=1)


def conductances(rows: int, points: int, seed: int) -> FaceConductances:
    rng = np.random.default_rng(seed)
    return FaceConductances(
        rng.uniform(0.1, 1, (rows, points + 1, points)), rng.uniform(0.1, 1, (rows, points, points + 1))
    )


@given(st.integers(2, 7), st.integers(0, 99))
def test_a_batch_is_solved_as_each_alone(points: int, seed: int) -> None:
    a, f = conductances(3, points, seed), np.random.default_rng(seed).normal(size=(3, points, points))
    u = conjugate_gradients(a.apply, poisson_inverse(points, 1), f)
    for i in range(3):
        alone = FaceConductances(a.x[i : i + 1], a.y[i : i + 1])
        expected = np.linalg.solve(dense(alone, points), f[i].ravel()).reshape(points, points)
        np.testing.assert_allclose(u[i], expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max())
        np.testing.assert_array_equal(
            u[i : i + 1], conjugate_gradients(alone.apply, poisson_inverse(points, 1), f[i : i + 1])
        )


def test_what_flows_out_is_symmetric_and_nothing_from_nothing() -> None:
    matrix = dense(conductances(1, 5, 0), 5)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-15)
    zero = np.zeros((2, 5, 5))
    a = conductances(2, 5, 1)
    np.testing.assert_array_equal(conjugate_gradients(a.apply, poisson_inverse(5, 1), zero), zero)


@pytest.mark.parametrize(("dst_type", "at_the_boundary"), [(1, 1.0), (2, 2.0)])
def test_the_preconditioner_inverts_even_ground(dst_type: int, at_the_boundary: float) -> None:
    x, y = np.ones((2, 7, 6)), np.ones((2, 6, 7))
    x[:, [0, -1]] = y[:, :, [0, -1]] = at_the_boundary
    u = np.random.default_rng(0).normal(size=(2, 6, 6))
    np.testing.assert_allclose(poisson_inverse(6, dst_type)(FaceConductances(x, y).apply(u)), u, atol=3e-6)


def test_harmonic_means_by_hand() -> None:
    assert harmonic_mean(np.array(1.0), np.array(0.1)) == pytest.approx(2 / 11)
    assert harmonic_mean(np.array(3.0), np.array(3.0)) == 3
