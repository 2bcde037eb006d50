"""Tridiagonal systems and cyclic ones, against dense ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pde.tridiagonal import solve_cyclic_tridiagonal, solve_tridiagonal


@given(st.integers(1, 4), st.integers(2, 9), st.integers(0, 99))
def test_rows_are_systems_of_their_own(rows: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    off, right = rng.normal(size=(2, rows, points))
    diagonal = np.abs(off) + np.abs(np.roll(off, 1, axis=1)) + rng.uniform(0.5, 2, (rows, points))
    x = solve_tridiagonal(diagonal, off, right)
    for i in range(rows):
        dense = np.diag(diagonal[i]) + np.diag(off[i, :-1], -1) + np.diag(off[i, :-1], 1)
        np.testing.assert_allclose(dense @ x[i], right[i], atol=1e-10)


@given(st.integers(1, 4), st.integers(3, 9), st.integers(0, 99))
def test_cyclic_systems(rows: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    off = -rng.uniform(0, 3, (rows, points))
    before = np.roll(off, 1, axis=1)
    diagonal = rng.uniform(0.5, 2, (rows, points)) - off - before
    right = rng.normal(size=(rows, points))
    x = solve_cyclic_tridiagonal(diagonal, off, right)
    neighbours = before * np.roll(x, 1, axis=1) + off * np.roll(x, -1, axis=1)
    np.testing.assert_allclose(diagonal * x + neighbours, right, atol=1e-10)


@pytest.mark.parametrize("rows", [2, 5])
def test_neighbours_change_no_bit(rows: int) -> None:
    rng = np.random.default_rng(0)
    right, off = rng.normal(size=(rows, 64)), -np.ones((rows, 64))
    diagonal = 2 + rng.uniform(0.1, 1, (rows, 64))
    alone = solve_tridiagonal(diagonal[1:2], off[1:2], right[1:2])
    np.testing.assert_array_equal(solve_tridiagonal(diagonal, off, right)[1:2], alone)
    alone = solve_cyclic_tridiagonal(diagonal[1:2], off[1:2], right[1:2])
    np.testing.assert_array_equal(solve_cyclic_tridiagonal(diagonal, off, right)[1:2], alone)
