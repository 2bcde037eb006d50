"""Building blocks of finite-volume solvers: values on faces, and time steps that differ between samples.

States are [C, N, *space]: C conserved quantities of N samples.
"""

from collections.abc import Callable

import numpy as np

from isthmus.pde.equation import Array

TINY = 1e-300
"""Keeps the limiter from dividing 0 by 0 in constant regions"""

Rate = Callable[[Array], Array]
"""state -> its rate of change"""
Step = Callable[[Array, Array], Array]
"""(state, dt [N]) -> the state dt later"""
MaxStep = Callable[[Array], Array]
"""state -> the longest stable step of each sample [N]"""


def reconstruct_faces(values: Array) -> tuple[Array, Array]:
    """Return the values left and right of each face, linear within a cell and limited to add no extremum.

    MUSCL with the limiter of B. van Leer, Journal of Computational Physics 32 (1979).

    Args:
        values: Cell means [..., n + 4] along the last axis, with two cells beyond each end.

    Returns:
        Left and right values, [..., n + 1] each.
    """
    difference = np.diff(values, axis=-1)
    before, after = difference[..., :-1], difference[..., 1:]
    half = np.maximum(before * after, 0) / (before + after + TINY)
    inner = values[..., 1:-1]
    return (inner + half)[..., :-1], (inner - half)[..., 1:]


def heun(rate: Rate) -> Step:
    """Return a step of Heun's method: second order, and stable wherever a forward Euler step is.

    C.-W. Shu, S. Osher, Journal of Computational Physics 77 (1988).
    """

    def step(state: Array, dt: Array) -> Array:
        dt = broadcast_to_state(dt, state)
        euler = state + dt * rate(state)
        later: Array = 0.5 * (state + euler + dt * rate(euler))
        return later

    return step


def broadcast_to_state(values: Array, state: Array) -> Array:
    """Reshape one number for each sample [N] so that it broadcasts against a state."""
    return values.reshape(-1, *[1] * (state.ndim - 2))


def integrate(step: Step, max_step: MaxStep, initial: Array, times: Array) -> Array:
    """Advance a state through the given times.

    Each sample takes steps of its own length and reaches the times exactly, so the rest of the batch changes
    nothing.

    Args:
        step: Time step of a solver.
        max_step: Longest stable step of each sample.
        initial: Initial state [C, N, *space].
        times: Times at which the state is returned, from that of the initial state on.

    Returns:
        States [N, t, C, *space].
    """
    states = np.empty((initial.shape[1], len(times), initial.shape[0], *initial.shape[2:]))
    states[:, 0] = initial.swapaxes(0, 1)
    state, samples = initial, np.arange(initial.shape[1])
    reached, now = np.zeros_like(samples), np.full(len(samples), times[0])
    while len(samples):
        remaining = times[reached + 1] - now
        steps = np.ceil(remaining / max_step(state))
        state = step(state, remaining / steps)
        now += remaining / steps
        for i in np.flatnonzero(steps == 1):
            reached[i] += 1
            now[i] = times[reached[i]]
            states[samples[i], reached[i]] = state[:, i]
        unfinished = reached < len(times) - 1
        if not unfinished.all():
            state, samples = state[:, unfinished], samples[unfinished]
            reached, now = reached[unfinished], now[unfinished]
    return states
