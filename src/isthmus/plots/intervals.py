"""Figures that compare errors by name: points with intervals, points of several seeds."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isthmus.plots.style import PALETTE, QUIET, WIDTH, new_figure, shortened, with_grid

Interval = tuple[float, float] | None


def draw_intervals(errors: Mapping[str, tuple[float, Interval]], label: str, own: str) -> Figure:
    """Draw an error with its interval for each name.

    Args:
        errors: Error and interval by name, the first at the top.
        label: Name and unit of the error.
        own: Name that is drawn in a colour of its own.
    """
    with new_figure(WIDTH, _height(len(errors))) as figure:
        axes = figure.subplots()
        for place, (name, (error, interval)) in enumerate(errors.items()):
            colour = PALETTE[1] if name == own else PALETTE[0]
            if interval is not None:
                axes.plot(interval, (place, place), color=colour, linewidth=2.4, alpha=0.5)
            axes.plot(error, place, "o", color=colour, markersize=6)
        _finish(axes, list(errors), label)
    return figure


def draw_seeds(errors: Mapping[str, Sequence[float]], label: str) -> Figure:
    """Draw the errors of several seeds for each name, with mean and standard deviation.

    Args:
        errors: Errors by name, the first at the top; a name may have none.
        label: Name and unit of the error.
    """
    with new_figure(WIDTH, _height(len(errors))) as figure:
        axes = figure.subplots()
        for place, values in enumerate(errors.values()):
            if not values:
                continue
            mean = sum(values) / len(values)
            if len(values) > 1:
                spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
                axes.plot(
                    (mean - spread, mean + spread), (place, place), color=PALETTE[0], linewidth=5, alpha=0.25
                )
                axes.plot(values, [place] * len(values), "o", color=QUIET, markersize=3, alpha=0.7)
            axes.plot(mean, place, "D", color=PALETTE[0], markersize=5)
        _finish(axes, list(errors), label)
    return figure


def _height(count: int) -> float:
    """Return the height of a figure with so many names."""
    return 0.7 + 0.28 * count


def _finish(axes: Axes, names: Sequence[str], label: str) -> None:
    """Name the rows, the first at the top."""
    axes.set_yticks(range(len(names)), [shortened(name, 24) for name in names])
    axes.set(xlabel=label, ylim=(len(names) - 0.5, -0.5))
    axes.margins(x=0.08)
    with_grid(axes, "x")
    axes.spines["left"].set_visible(False)
