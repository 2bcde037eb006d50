"""Operator splitting: an equation's two parts, each solved exactly, combined to fourth order."""

from collections.abc import Callable, Iterator

from isthmus.pde.equation import Array

Flow = Callable[[Array, float], Array]
"""(state, dt) -> the state dt later, under one part of the equation or all of it"""

HALVINGS = 6
"""Number of times that the first step is halved"""


def strang(first: Flow, second: Flow) -> Flow:
    """Return half a step of the first part, a step of the second and half a step of the first: second order.

    G. Strang, SIAM Journal on Numerical Analysis 5 (1968).
    """
    return lambda state, dt: first(second(first(state, dt / 2), dt), dt / 2)


def extrapolate(flow: Flow) -> Flow:
    """Return a fourth-order step made from a symmetric second-order one.

    It takes forward steps only, which diffusion requires. S. A. Chin, "Multi-product splitting and
    Runge-Kutta-Nystrom integrators", Celestial Mechanics and Dynamical Astronomy 106 (2010), section 2.
    """
    return lambda state, dt: (4 * flow(flow(state, dt / 2), dt / 2) - flow(state, dt)) / 3


def integrate(flow: Flow, initial: Array, interval: float, count: int, steps: int) -> Iterator[Array]:
    """Yield the initial state and the state after each of `count` intervals, each taken in equal steps.

    The very first step is divided into substeps, each twice as long as the one before it: an initial state
    that is not smooth would reduce the order of the splitting, and diffusion smooths it within a short time.
    """
    state = initial
    yield state
    dt = interval / steps
    first_step = [dt * 2.0**power for power in (-HALVINGS, *range(-HALVINGS, 0))]
    for i in range(count):
        for substep in [*first_step, *[dt] * (steps - 1)] if i == 0 else [dt] * steps:
            state = flow(state, substep)
        yield state
