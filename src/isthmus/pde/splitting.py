"""An equation split into two parts, each solved exactly, put together again to fourth order."""

from collections.abc import Callable, Iterator

from isthmus.pde.equation import Array

Flow = Callable[[Array, float], Array]
"""(state, dt) -> the state dt later, under one part of the equation or all of it"""

HALVINGS = 6


def strang(one: Flow, other: Flow) -> Flow:
    """Half a step of one part, a step of the other, half a step of the first: second order.

    G. Strang, SIAM Journal on Numerical Analysis 5 (1968).
    """
    return lambda state, dt: one(other(one(state, dt / 2), dt), dt / 2)


def extrapolated(flow: Flow) -> Flow:
    """Fourth order from a symmetric second-order step, with forward steps only, as diffusion demands.

    S. A. Chin, "Multi-product splitting and Runge-Kutta-Nystrom integrators", Celestial Mechanics and
    Dynamical Astronomy 106 (2010), section 2.
    """
    return lambda state, dt: (4 * flow(flow(state, dt / 2), dt / 2) - flow(state, dt)) / 3


def march(flow: Flow, state: Array, interval: float, count: int, steps: int) -> Iterator[Array]:
    """The start, and the state after each of `count` intervals, done in so many equal steps.

    The very first step is done in pieces, each twice as long as the one before: a start that is not smooth
    would cost the splitting its order, and diffusion has smoothed it after a short while.
    """
    yield state
    dt = interval / steps
    first = [dt * 2.0**power for power in (-HALVINGS, *range(-HALVINGS, 0))]
    for i in range(count):
        for part in [*first, *[dt] * (steps - 1)] if i == 0 else [dt] * steps:
            state = flow(state, part)
        yield state
