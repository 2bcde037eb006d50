"""How the replaced fraction k / L goes down over training.

A curriculum maps progress p in [0, 1] (0 at the first step, 1 at the last) to the fraction, from
`start` at p = 0 to `end` at p = 1. PaRe, Table 4, names these four; the paper gives the linear one
(k = k_0 - dk * e / E), and names the exponential and the piecewise one without a formula.
"""

from collections.abc import Callable

from isthmus.errors import InputError, unknown

Curriculum = Callable[[float], float]


def constant(start: float, end: float) -> Curriculum:
    """The start fraction throughout; `end` is not used."""
    return lambda progress: start


def linear(start: float, end: float) -> Curriculum:
    """A straight line from start to end."""
    return lambda progress: start + (end - start) * progress


def piecewise(start: float, end: float) -> Curriculum:
    """Constant on equal thirds: start, half way, end."""
    levels = (start, (start + end) / 2, end)
    return lambda progress: levels[min(int(3 * progress), 2)]


def exponential(start: float, end: float) -> Curriculum:
    """Geometric from start to end.

    No geometric sequence reaches 0, so below a hundredth of the start the curve is the one that
    falls to a hundredth of the start, moved and scaled to meet both ends.
    """
    if start == 0:
        return lambda progress: 0.0
    ratio = max(end / start, 0.01)
    if ratio == 1:
        return lambda progress: start
    return lambda progress: end + (start - end) * (ratio**progress - ratio) / (1 - ratio)


CURRICULA: dict[str, Callable[[float, float], Curriculum]] = {
    "constant": constant,
    "linear": linear,
    "piecewise": piecewise,
    "exponential": exponential,
}


def curriculum(name: str, start: float, end: float) -> Curriculum:
    """The curriculum `name` from fraction `start` to fraction `end`.

    Raises:
        InputError: for an unknown name, a fraction outside [0, 1], or an end above the start.
    """
    if name not in CURRICULA:
        raise unknown("curriculum", name, CURRICULA)
    for what, fraction in (("start", start), ("end", end)):
        if not 0 <= fraction <= 1:
            raise InputError(f"the curriculum's {what} is {fraction}; a fraction k/L lies in [0, 1]")
    if end > start:
        raise InputError(
            f"the curriculum rises from {start} to {end}; the fraction must not grow: give end <= start"
        )
    return CURRICULA[name](start, end)
