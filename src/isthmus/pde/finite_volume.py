"""What finite-volume solvers share: states on faces, and time that runs for each sample alone.

States are [C, N, *space]: C conserved quantities of N samples.
"""

from collections.abc import Callable

import numpy as np

from isthmus.pde.equation import Array

TINY = 1e-300

Rate = Callable[[Array], Array]
"""state -> its rate of change"""
Step = Callable[[Array, Array], Array]
"""(state, dt [N]) -> the state dt later"""
Limit = Callable[[Array], Array]
"""state -> the longest stable step of each sample [N]"""


def on_faces(values: Array) -> tuple[Array, Array]:
    """Values left and right of each face: linear in a cell, limited to make no new extremum.

    MUSCL with the limiter of B. van Leer, Journal of Computational Physics 32 (1979).

    Args:
        values: [..., n + 4] means of cells along the last axis, two of them beyond each end.

    Returns:
        two of [..., n + 1]
    """
    difference = np.diff(values, axis=-1)
    before, after = difference[..., :-1], difference[..., 1:]
    half = np.maximum(before * after, 0) / (before + after + TINY)
    inner = values[..., 1:-1]
    return (inner + half)[..., :-1], (inner - half)[..., 1:]


def runge_kutta(rate: Rate) -> Step:
    """Heun's method, second order, which keeps what a forward step keeps.

    C.-W. Shu, S. Osher, Journal of Computational Physics 77 (1988).
    """

    def step(state: Array, dt: Array) -> Array:
        dt = spread(dt, state)
        once = state + dt * rate(state)
        twice: Array = 0.5 * (state + once + dt * rate(once))
        return twice

    return step


def spread(values: Array, state: Array) -> Array:
    """A number for each sample [N], shaped to meet a state."""
    return values.reshape(-1, *[1] * (state.ndim - 2))


def march(step: Step, limit: Limit, start: Array, times: Array) -> Array:
    """The state at each of `times`, from `start` [C, N, *space]: [N, t, C, *space].

    Each sample takes steps of its own length and arrives at the times exactly: neighbours change nothing.
    """
    states = np.empty((start.shape[1], len(times), start.shape[0], *start.shape[2:]))
    states[:, 0] = start.swapaxes(0, 1)
    state, who = start, np.arange(start.shape[1])
    reached, now = np.zeros_like(who), np.full(len(who), times[0])
    while len(who):
        left = times[reached + 1] - now
        pieces = np.ceil(left / limit(state))
        state = step(state, left / pieces)
        now += left / pieces
        for i in np.flatnonzero(pieces == 1):
            reached[i] += 1
            now[i] = times[reached[i]]
            states[who[i], reached[i]] = state[:, i]
        under_way = reached < len(times) - 1
        if not under_way.all():
            state, who = state[:, under_way], who[under_way]
            reached, now = reached[under_way], now[under_way]
    return states
