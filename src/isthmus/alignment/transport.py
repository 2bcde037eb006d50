"""Exact optimal transport between uniform samples, with plans that gradients leave fixed.

The cost of a transport is min over plans P of <P, C>. By the envelope theorem its gradient is that of
<P, C> at the minimiser with P held fixed, so a plan is found without a graph, and its cost is then
computed from the few pairs that it moves.
"""

from typing import NamedTuple

import numpy as np
import ot
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

UNLIMITED = 10**9  # pivots of the network simplex, which ends long before


class Plan(NamedTuple):
    """A transport plan: `mass[k]` goes from sample `rows[k]` to `columns[k]`; the masses [K] sum to 1."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    mass: NDArray[np.float64]


def transport(cost: NDArray[np.float64]) -> Plan:
    """Find a plan of least cost [N, M] from N samples of mass 1 / N to M samples of mass 1 / M.

    A constant in a row or a column is paid under every plan, so the cost may leave it out.
    """
    n, m = cost.shape
    if n == 1 or m == 1:  # there is one plan only
        rows, columns = np.divmod(np.arange(n * m), m)
        return Plan(rows, columns, np.full(n * m, 1 / (n * m)))
    cost = reduced(cost)
    if n == m:  # some plan of least cost is a permutation (Birkhoff)
        rows, columns = linear_sum_assignment(cost)
        return Plan(rows, columns, np.full(n, 1 / n))
    dense = ot.emd(np.full(n, 1 / n), np.full(m, 1 / m), cost, numItermax=UNLIMITED)
    rows, columns = dense.nonzero()
    return Plan(rows, columns, dense[rows, columns])


def reduced(cost: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift a cost to have zeros in every row and column, from where the solvers have less far to go."""
    cost = cost - cost.mean(1, keepdims=True)  # means first, or one column would hold every row's minimum
    cost = cost - cost.mean(0)
    cost = cost - cost.min(1, keepdims=True)
    cost -= cost.min(0)
    return cost


def squared_moves(plan: Plan, x: Tensor, y: Tensor) -> Tensor:
    """Compute the cost [K] of each move of a plan, mass ||x_i - y_j||^2.

    Args:
        plan: Plan of K moves.
        x: Samples [N, D], in which the cost is differentiable.
        y: Samples [M, D], in which the cost is differentiable.
    """
    rows, columns = (torch.from_numpy(index).to(x.device) for index in (plan.rows, plan.columns))
    moves = x.index_select(0, rows) - y.to(x).index_select(0, columns)
    squares: Tensor = torch.linalg.vecdot(moves, moves)
    return squares * torch.from_numpy(plan.mass).to(x)
