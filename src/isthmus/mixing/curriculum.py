"""How the replaced fraction k / L goes down over training.

A curriculum maps progress p in [0, 1] (0 at the first step, 1 at the last) to the fraction, from
`start` at p = 0 to `end` at p = 1. PaRe, Table 4, names the four below; the paper gives the linear one
(k = k_0 - dk * e / E), and names the exponential and the piecewise one without a formula.
"""

from collections.abc import Callable
from functools import partial

from isthmus.errors import InputError, unknown

Curriculum = Callable[[float], float]
"""progress -> fraction"""


def exponential(start: float, end: float, progress: float) -> float:
    """Compute a geometric sequence from start to end.

    No geometric sequence reaches 0, so below a hundredth of the start the curve is the one that
    falls to a hundredth of the start, moved and scaled to meet both ends.
    """
    if start == 0:
        return 0.0
    ratio = max(end / start, 0.01)
    if ratio == 1:
        return start
    power: float = ratio**progress
    return end + (start - end) * (power - ratio) / (1 - ratio)


CURRICULA: dict[str, Callable[[float, float, float], float]] = {
    "constant": lambda start, end, progress: start,
    "linear": lambda start, end, progress: start + (end - start) * progress,
    "piecewise": lambda start, end, progress: (start, (start + end) / 2, end)[min(int(3 * progress), 2)],
    "exponential": exponential,
}
"""Name -> formula: (start, end, progress) -> fraction; piecewise is constant on equal thirds."""


def curriculum(name: str, start: float, end: float) -> Curriculum:
    """Return the curriculum `name` from fraction `start` to fraction `end`.

    Args:
        name: Name in `CURRICULA`.
        start: Fraction k / L at the first step, in [0, 1].
        end: Fraction at the last step, in [0, start].

    Raises:
        InputError: For an unknown name, a fraction outside [0, 1], or an end above the start.
    """
    if name not in CURRICULA:
        raise unknown("curriculum", name, CURRICULA)
    for moment, fraction in (("start", start), ("end", end)):
        if not 0 <= fraction <= 1:
            raise InputError(
                f"the curriculum's {moment} is {fraction}; a fraction k/L lies in [0, 1]", key=moment
            )
    if end > start:
        raise InputError(
            f"the curriculum rises from {start} to {end}; the fraction must not grow: give end <= start",
            kind="conflict",
            key="end",
        )
    return partial(CURRICULA[name], start, end)
