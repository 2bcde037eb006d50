"""Figure of calibration: how often predictions of a confidence are right."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from isthmus.plots.style import QUIET, TARGET_COLOUR, new_figure, with_grid


def draw_reliability(
    edges: Sequence[float], right: Sequence[float], counts: Sequence[int], label: str, outcome: str
) -> Figure:
    """Draw a reliability diagram, and below it how many predictions are in each bin.

    Args:
        edges: Edges of the bins, [B + 1].
        right: Share of predictions that come true in each bin, [B]; NaN in an empty one.
        counts: Number of predictions in each bin, [B].
        label: What is binned, for the horizontal axis.
        outcome: What the share is of, for the vertical axis.
    """
    starts, widths = np.asarray(edges[:-1]), np.diff(edges)
    with new_figure(height=3.8) as figure:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        bars = {"align": "edge", "edgecolor": "white", "color": TARGET_COLOUR}
        axes.bar(starts, np.nan_to_num(right), widths, **bars)
        axes.plot((0, 1), (0, 1), color=QUIET, linewidth=1.2, linestyle="--", label="perfectly calibrated")
        axes.set(ylabel=outcome, xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper left")
        below.bar(starts, counts, widths, **bars)
        below.set(xlabel=label, ylabel="count")
        for part in (axes, below):
            with_grid(part)
    return figure
