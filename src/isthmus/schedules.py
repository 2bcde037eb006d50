"""How the learning rate rises and falls, as a factor on its highest value."""

import math
from collections.abc import Callable

from isthmus.errors import InputError
from isthmus.registry import Registry

Schedule = Callable[[int, int, int], float]
"""(step, steps of the rise, steps of training) -> factor, which is 1 where the rise ends"""

schedules: Registry[Callable[..., Schedule]] = Registry("schedule", variable="schedules")


def warmed_up(schedule: Schedule, warmup: float, steps: int) -> Callable[[int], float]:
    """Put a linear rise over the fraction `warmup` of training before a schedule: step -> factor."""
    rising = round(warmup * steps)
    return lambda step: (step + 1) / rising if step < rising else schedule(step, rising, steps)


@schedules.register("cosine")
def cosine(*, end: float = 1.0) -> Schedule:
    """Fall as half a cosine, to 0.

    Args:
        end: Where 0 is reached, in lengths of the training; 1 is its last step.
    """
    _check_end("cosine", end)

    def factor(step: int, risen: int, steps: int) -> float:
        return 0.5 * (1 + math.cos(math.pi * (step - risen) / _fall(risen, end * steps)))

    return factor


@schedules.register("linear")
def linear(*, end: float = 1.0) -> Schedule:
    """Fall along a straight line, to 0.

    Args:
        end: Where 0 is reached, in lengths of the training; 1 is its last step.
    """
    _check_end("linear", end)
    return lambda step, risen, steps: 1 - (step - risen) / _fall(risen, end * steps)


@schedules.register("steps")
def stairs(*, factor: float = 0.5, at: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8)) -> Schedule:
    """Fall in steps.

    Args:
        factor: What the rate is multiplied by at each step.
        at: Where the steps are, from 0 (beginning of training) to 1 (its end).
    """
    if factor <= 0:
        raise InputError(f"the schedule's factor is {factor}; it is more than 0", key="schedule.factor")
    for part in at:
        if not 0 <= part <= 1:
            raise InputError(
                f"the schedule steps at {part}; a part of training lies in [0, 1]", key="schedule.at"
            )
    return lambda step, risen, steps: factor ** sum(step >= round(part * steps) for part in at)


@schedules.register("constant")
def constant() -> Schedule:
    """Stay at the highest value to the end."""
    return lambda step, risen, steps: 1.0


def _fall(risen: int, last: float) -> float:
    """Return the number of steps from the end of the rise to the last one, at least 1."""
    return max(1, last - risen)


def _check_end(name: str, end: float) -> None:
    if end < 1:
        raise InputError(
            f"{name}'s end is {end}; it is 1 or more, in lengths of the training", key="schedule.end"
        )
