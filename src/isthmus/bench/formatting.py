"""How figures are written."""

import math

PERCENT = {"error"}  # shares of samples, said in %


def unit(metric: str) -> str:
    """What is written beside a metric's figures: `error %`."""
    return f"{metric} %" if metric in PERCENT else metric


def scaled(metric: str, value: float) -> float:
    """A figure in the terms it is written in."""
    return 100 * value if metric in PERCENT else value


def decimals(metric: str, value: float) -> int:
    """How many to write: one of percentages, else as many as make three figures."""
    if metric in PERCENT:
        return 1
    return max(0, 2 - math.floor(math.log10(abs(value)))) if value else 2


def written(metric: str, mean: float, deviation: float | None) -> str:
    """`12.3 ± 0.4`; without a deviation, `12.3`."""
    places = decimals(metric, mean)
    spread = "" if deviation is None else f" ± {scaled(metric, deviation):.{places}f}"
    return f"{scaled(metric, mean):.{places}f}{spread}"
