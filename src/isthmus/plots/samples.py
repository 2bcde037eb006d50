"""Figures of samples: series as lines, many channels as a map, pictures; predicted beside true fields."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from isthmus.plots.style import PALETTE, QUIET, TARGET_COLOUR, WIDTH, new_figure

COLUMNS = 3
LINES = 6
"""Channels up to which a series is drawn as lines"""


def draw_samples(x: np.ndarray, titles: Sequence[str]) -> Figure:
    """Draw samples in rows of three, each under its title.

    Args:
        x: Samples [N, C, L] or [N, C, H, W].
        titles: A title for each.
    """
    rows = -(-len(x) // COLUMNS)
    with new_figure(WIDTH, 0.25 + 1.35 * rows) as figure:
        panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel().tolist()
        for axes in panels:
            _bare(axes)
        for axes, sample, title in zip(panels, x, titles, strict=False):
            _draw_sample(axes, sample)
            axes.set_title(title, fontsize=7)
    return figure


def draw_fields(true: np.ndarray, predicted: np.ndarray, titles: Sequence[str]) -> Figure:
    """Draw predicted fields beside the true ones: lines [N, L] together, maps [N, H, W] side by side.

    Args:
        true: True values, a channel or a class for each position.
        predicted: Predicted values of the same shape.
        titles: A title for each sample.
    """
    if true.ndim == 2:
        return _draw_lines(true, predicted, titles)
    true_is_class = true.dtype.kind in "iu"
    with new_figure(WIDTH, 0.25 + 1.75 * len(true)) as figure:
        panels = figure.subplots(len(true), 2, squeeze=False)
        for pair, *maps, title in zip(panels, true, predicted, titles, strict=True):
            low, high = min(part.min() for part in maps), max(part.max() for part in maps)
            for axes, values, name in zip(pair, maps, (f"{title}: true", "predicted"), strict=True):
                _bare(axes)
                drawn = axes.imshow(values, cmap="viridis", vmin=low, vmax=high)
                axes.set_title(name, fontsize=8)
            whole = MaxNLocator(5, integer=true_is_class)
            figure.colorbar(drawn, ax=pair.tolist(), shrink=0.8, ticks=whole)
    return figure


def _draw_lines(true: np.ndarray, predicted: np.ndarray, titles: Sequence[str]) -> Figure:
    """Draw predicted and true lines [N, L] in one panel for each sample."""
    rows = -(-len(true) // 2)
    with new_figure(WIDTH, 0.4 + 1.5 * rows) as figure:
        panels = figure.subplots(rows, 2, squeeze=False).ravel().tolist()
        for axes in panels:
            _bare(axes)
        for axes, truth, guess, title in zip(panels, true, predicted, titles, strict=False):
            axes.plot(truth, color=QUIET, linewidth=1.4, label="true")
            axes.plot(guess, color=PALETTE[1], linewidth=1.0, label="predicted")
            axes.set_title(title, fontsize=8)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _draw_sample(axes: Axes, sample: np.ndarray) -> None:
    """Draw one sample [C, L] or [C, H, W]."""
    if sample.ndim == 2 and len(sample) <= LINES:
        for number, channel in enumerate(sample):
            colour = TARGET_COLOUR if len(sample) == 1 else PALETTE[number]
            marker = "." if len(channel) <= 20 else None
            axes.plot(channel, color=colour, linewidth=0.9, marker=marker)
        axes.margins(x=0)
    elif sample.ndim == 2:
        axes.imshow(sample, cmap="viridis", aspect="auto", interpolation="nearest")
    else:
        colours = np.moveaxis(sample, 0, -1) if len(sample) == 3 else sample.mean(0)
        low, high = float(colours.min()), float(colours.max())
        axes.imshow((colours - low) / (high - low or 1.0), cmap="gray")


def _bare(axes: Axes) -> None:
    """Leave out what is not needed around a small panel."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
