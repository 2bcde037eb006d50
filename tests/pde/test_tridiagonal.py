"""Tridiagonal systems and rings, against dense ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pde.tridiagonal import solve_ring, solve_tridiagonal


@given(st.integers(1, 4), st.integers(2, 9), st.integers(0, 99))
def test_rows_are_systems_of_their_own(rows, points, seed):
    rng = np.random.default_rng(seed)
    below, above, right = rng.normal(size=(3, rows, points))
    diagonal = np.abs(below) + np.abs(above) + rng.uniform(0.5, 2, (rows, points))
    x = solve_tridiagonal(below, diagonal, above, right)
    for i in range(rows):
        dense = np.diag(diagonal[i]) + np.diag(below[i, 1:], -1) + np.diag(above[i, :-1], 1)
        np.testing.assert_allclose(dense @ x[i], right[i], atol=1e-10)


@given(st.integers(1, 4), st.integers(3, 9), st.integers(0, 99))
def test_rings(rows, points, seed):
    rng = np.random.default_rng(seed)
    coupling = -rng.uniform(0, 3, (rows, 1))
    diagonal = rng.uniform(0.5, 2, (rows, points)) - 2 * coupling
    right = rng.normal(size=(rows, points))
    x = solve_ring(diagonal, coupling, right)
    neighbours = np.roll(x, 1, axis=1) + np.roll(x, -1, axis=1)
    np.testing.assert_allclose(diagonal * x + coupling * neighbours, right, atol=1e-10)


@pytest.mark.parametrize("rows", [2, 5])
def test_neighbours_change_no_bit(rows):
    rng = np.random.default_rng(0)
    below, above, right = rng.normal(size=(3, rows, 64))
    diagonal = np.abs(below) + np.abs(above) + 1
    alone = solve_tridiagonal(below[1:2], diagonal[1:2], above[1:2], right[1:2])
    np.testing.assert_array_equal(solve_tridiagonal(below, diagonal, above, right)[1:2], alone)
    coupling = -np.ones((rows, 1))
    alone = solve_ring(diagonal[1:2] + 2, coupling[1:2], right[1:2])
    np.testing.assert_array_equal(solve_ring(diagonal + 2, coupling, right)[1:2], alone)
