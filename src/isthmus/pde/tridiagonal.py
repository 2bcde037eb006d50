"""Batches of symmetric tridiagonal systems, solved as one block-diagonal system in a single call."""

import numpy as np
from scipy.linalg.lapack import dptsv

from isthmus.pde.equation import Array


def solve_tridiagonal(diagonal: Array, off_diagonal: Array, right: Array) -> Array:
    """Solve off[i-1] x[i-1] + diagonal[i] x[i] + off[i] x[i+1] = right[i] in each row.

    Args:
        diagonal: Diagonals [N, n]; positive definite together with `off_diagonal`.
        off_diagonal: Off-diagonals [N, n]; the last entry of each row is not read.
        right: Right-hand sides [N, n].

    Returns:
        Solutions x [N, n].
    """
    off_diagonal = off_diagonal.copy()
    off_diagonal[:, -1] = 0.0
    *_, x, info = dptsv(diagonal.ravel(), off_diagonal.ravel()[:-1], right.ravel())
    assert info == 0
    solution: Array = x.reshape(right.shape)
    return solution


def solve_cyclic_tridiagonal(diagonal: Array, off_diagonal: Array, right: Array) -> Array:
    """Solve off[i-1] x[i-1] + diagonal[i] x[i] + off[i] x[i+1] = right[i] in each row, with periodic indices.

    By the formula of Sherman and Morrison: the corner entries are a rank-one change of a tridiagonal system,
    which is symmetric and positive definite if the cyclic one is.

    Args:
        diagonal: Diagonals [N, n], positive.
        off_diagonal: Off-diagonals [N, n], negative or 0; the last entry couples the last row to the first.
        right: Right-hand sides [N, n].

    Returns:
        Solutions x [N, n].
    """
    # Cyclic = tridiagonal + coupling * (e_0 + e_last)(e_0 + e_last)^T, so the latter's ends lose `coupling`.
    coupling = off_diagonal[:, -1:]
    reduced = diagonal.copy()
    reduced[:, [0, -1]] -= coupling
    off_diagonal = off_diagonal.copy()
    off_diagonal[:, -1] = 0.0
    ends = np.zeros_like(right)
    ends[:, [0, -1]] = 1.0
    both = np.stack([right.ravel(), ends.ravel()], axis=1)
    *_, both, info = dptsv(reduced.ravel(), off_diagonal.ravel()[:-1], both)
    assert info == 0
    x, response = both[:, 0].reshape(right.shape), both[:, 1].reshape(right.shape)
    x_at_ends, response_at_ends = ((s[:, :1] + s[:, -1:]) for s in (x, response))
    solution: Array = x - coupling * x_at_ends / (1 + coupling * response_at_ends) * response
    return solution
