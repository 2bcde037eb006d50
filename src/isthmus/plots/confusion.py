"""Figure of a confusion matrix."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from isthmus.plots.style import WIDTH, new_figure, shortened

WRITTEN, NAMED = 12, 30
"""Classes up to which counts are written into the matrix, and up to which every class is named"""


def draw_confusion(counts: np.ndarray, classes: Sequence[object]) -> Figure:
    """Draw which classes are taken for which, the colour by the share of each true class.

    Args:
        counts: Number of samples by true and predicted class, [K, K].
        classes: Names of the classes, [K].
    """
    number = len(classes)
    share = counts / np.maximum(1, counts.sum(1, keepdims=True))
    with new_figure(WIDTH, WIDTH * 0.9) as figure:
        axes = figure.subplots()
        drawn = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        figure.colorbar(drawn, ax=axes, label="share of the true class", shrink=0.8)
        axes.set(xlabel="predicted class", ylabel="true class")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        if number <= NAMED:
            names = [shortened(name, 12) for name in classes]
            upright = max(map(len, names)) * number <= 24
            axes.set_xticks(range(number), names, rotation=0 if upright else 90)
            axes.set_yticks(range(number), names)
        else:
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(MaxNLocator(6, integer=True))
            axes.set(xlabel="number of the predicted class", ylabel="number of the true class")
        if number <= WRITTEN:
            for (row, column), count in np.ndenumerate(counts):
                colour = "white" if share[row, column] > 0.55 else "black"
                text = f"{count:d}" if count < 1e5 else f"{count:.0e}"
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    return figure
