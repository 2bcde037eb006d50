"""Plans of transport."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from isthmus.alignment.transport import transport


@given(st.integers(0, 99), st.integers(1, 7), st.integers(1, 7), st.booleans())
def test_a_plan_is_feasible_and_of_least_cost(seed: int, n: int, m: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 3, (n, m)).astype(float) if ties else rng.normal(size=(n, m))
    cost = cost + rng.normal(size=(n, 1)) + rng.normal(size=m)
    plan = transport(cost)
    dense = np.zeros((n, m))
    np.add.at(dense, (plan.rows, plan.columns), plan.mass)
    assert dense.min() >= 0
    np.testing.assert_allclose(dense.sum(1), 1 / n)
    np.testing.assert_allclose(dense.sum(0), 1 / m)
    assert len(plan.mass) < n + m  # what the gradient gathers stays small
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    masses = np.r_[np.full(n, 1 / n), np.full(m, 1 / m)]
    least = linprog(cost.ravel(), A_eq=np.r_[rows, columns], b_eq=masses).fun
    assert (dense * cost).sum() == pytest.approx(least, rel=1e-7, abs=1e-9)
