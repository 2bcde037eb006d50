"""Symmetric tridiagonal systems, a batch in one call: laid end to end, they are one system in parts."""

import numpy as np
from scipy.linalg.lapack import dptsv

from isthmus.pde.equation import Array


def solve_chain(diagonal: Array, off: Array, right: Array) -> Array:
    """x with off[i-1] x[i-1] + diagonal[i] x[i] + off[i] x[i+1] = right[i], in each row.

    Args:
        diagonal: [N, n]; with `off` positive definite.
        off: [N, n]; the last of each row is not read.
        right: [N, n]
    """
    off = off.copy()
    off[:, -1] = 0.0
    *_, x, info = dptsv(diagonal.ravel(), off.ravel()[:-1], right.ravel())
    assert info == 0
    solution: Array = x.reshape(right.shape)
    return solution


def solve_ring(diagonal: Array, coupling: Array, right: Array) -> Array:
    """x with coupling (x[i-1] + x[i+1]) + diagonal[i] x[i] = right[i] in each row, which closes to a ring.

    By the formula of Sherman and Morrison: the corners are a rank-one change of a tridiagonal system, which
    stays symmetric and positive definite if the ring was.

    Args:
        diagonal: [N, n], positive.
        coupling: [N, 1], negative or 0.
        right: [N, n]
    """
    # Ring = chain + coupling * (e_0 + e_last)(e_0 + e_last)^T, so the chain's ends give up `coupling`.
    chain = diagonal.copy()
    chain[:, [0, -1]] -= coupling
    off = np.broadcast_to(coupling, diagonal.shape).copy()
    off[:, -1] = 0.0
    ends = np.zeros_like(right)
    ends[:, [0, -1]] = 1.0
    both = np.stack([right.ravel(), ends.ravel()], axis=1)
    *_, both, info = dptsv(chain.ravel(), off.ravel()[:-1], both)
    assert info == 0
    x, response = both[:, 0].reshape(right.shape), both[:, 1].reshape(right.shape)
    at_ends, of_ends = ((s[:, :1] + s[:, -1:]) for s in (x, response))
    solution: Array = x - coupling * at_ends / (1 + coupling * of_ends) * response
    return solution
