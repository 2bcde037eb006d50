"""Figures of predicted numbers: against the true ones, and what is left over."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from isthmus.plots.style import QUIET, TARGET_COLOUR, new_figure, with_grid

MANY = 300
"""Points above which they are drawn small and faint"""


def draw_predicted(true: np.ndarray, predicted: np.ndarray, name: str = "target") -> Figure:
    """Draw predicted against true values [N], with the line on which both are equal."""
    with new_figure(height=3.6) as figure:
        axes = figure.subplots()
        low, high = float(min(true.min(), predicted.min())), float(max(true.max(), predicted.max()))
        edge = 0.05 * (high - low or 1.0)
        ends = (low - edge, high + edge)
        axes.plot(ends, ends, color=QUIET, linewidth=1, linestyle="--", label="predicted = true")
        axes.scatter(true, predicted, **_points(len(true)))
        axes.set(xlabel=f"true {name}", ylabel=f"predicted {name}", xlim=ends, ylim=ends, aspect="equal")
        with_grid(axes)
        axes.legend(loc="upper left")
    return figure


def draw_residuals(true: np.ndarray, predicted: np.ndarray, name: str = "target") -> Figure:
    """Draw residuals, predicted minus true values [N], against the predicted ones, and their counts."""
    residuals = predicted - true
    with new_figure(height=3.6) as figure:
        axes, counts = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
        axes.axhline(0, color=QUIET, linewidth=1, linestyle="--")
        axes.scatter(predicted, residuals, **_points(len(true)))
        axes.set(xlabel=f"predicted {name}", ylabel="residual (predicted - true)")
        counts.hist(
            residuals, bins=min(30, max(5, len(true) // 5)), orientation="horizontal", color=TARGET_COLOUR
        )
        counts.set(xlabel="count")
        for part in (axes, counts):
            with_grid(part)
    return figure


def _points(count: int) -> dict[str, Any]:
    """Return how so many points are drawn."""
    many = count > MANY
    return {"s": 5 if many else 16, "alpha": 0.4 if many else 0.7, "linewidth": 0, "color": TARGET_COLOUR}
