"""Figures of training: losses, errors and replaced tokens over the epochs."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

from isthmus.plots.style import PALETTE, QUIET, WIDTH, above, new_figure, with_grid

Rows = Sequence[Mapping[str, float]]
"""Figures of the epochs of a run, as `metrics.csv` holds them"""

COLOURS = {"scratch": QUIET, "nft": PALETTE[0], "pare": PALETTE[1]}
"""Colours of methods that have one of their own."""

FEW = 12
"""Epochs up to which each is marked by a point: a line of one epoch would not be seen"""


def draw_curves(runs: Mapping[str, Rows], metric: str = "error") -> Figure:
    """Draw the training loss and the validation error of runs over the epochs, and k where a run mixes.

    Args:
        runs: Epochs of runs of one task, by their names in the legend.
        metric: Name of the error.
    """
    with new_figure(2 * WIDTH, 3.2) as figure:
        losses, errors = figure.subplots(1, 2)
        for number, (name, rows) in enumerate(runs.items()):
            colour = COLOURS.get(name, PALETTE[number % len(PALETTE)])
            _line(losses, rows, _loss_key(rows), name, colour)
            _line(errors, rows, "val_error", name, colour)
        _finish_losses(losses)
        _finish(errors, f"validation {metric}")
        above(losses, 3)
    return figure


def draw_loss(rows: Rows) -> Figure | None:
    """Draw the losses of one run over its epochs; None for a method that has none."""
    curves = {
        _loss_key(rows): "training, target samples",
        "loss_mixed_target": "training, mixed, as target",
        "loss_mixed_source": "training, mixed, as source",
        "val_loss": "validation",
    }
    return _draw(rows, curves, None)


def draw_error(rows: Rows, metric: str) -> Figure | None:
    """Draw the errors of one run over its epochs; None where none were measured."""
    return _draw(rows, {"train_error": "training", "val_error": "validation"}, metric)


def draw_replaced_count(rows: Rows) -> Figure | None:
    """Draw how many tokens were replaced in each epoch of one run; None for a method that mixes nothing."""
    figure = _draw(rows, {"k": "mean over the steps of the epoch"}, "replaced tokens k")
    if figure is not None:
        figure.axes[0].set_ylim(bottom=0)
    return figure


def _draw(rows: Rows, curves: Mapping[str, str], label: str | None) -> Figure | None:
    """Draw columns of the epochs as lines; a label of None stands for losses."""
    known = {key: name for key, name in curves.items() if any(key in row for row in rows)}
    if not known:
        return None
    with new_figure() as figure:
        axes = figure.subplots()
        for number, (key, name) in enumerate(known.items()):
            _line(axes, rows, key, name, PALETTE[number])
        if label is None:
            _finish_losses(axes)
        else:
            _finish(axes, label)
        above(axes, 2)
    return figure


def _line(axes: Axes, rows: Rows, key: str, name: str, colour: str) -> None:
    """Draw one column of the epochs; epochs without it are left out."""
    points = [(row["epoch"], row[key]) for row in rows if key in row]
    marker = "o" if len(points) <= FEW else None
    if points:
        axes.plot(*zip(*points, strict=True), label=name, color=colour, marker=marker)


def _finish(axes: Axes, label: str) -> None:
    """Label the axes; epochs are whole numbers."""
    axes.set(xlabel="epoch", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    epochs = [float(epoch) for line in axes.lines for epoch in np.asarray(line.get_xdata())]
    if len(set(epochs)) == 1:
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
    axes.margins(y=0.12)
    with_grid(axes)


def _finish_losses(axes: Axes) -> None:
    """Label the axes of losses, which are drawn on a logarithmic scale where all are positive."""
    _finish(axes, "loss")
    values = [float(value) for line in axes.lines for value in np.asarray(line.get_ydata())]
    if values and min(values) > 0:
        axes.set_yscale("log")
        narrow = max(values) < 100 * min(values)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
        axes.yaxis.set_major_formatter(ScalarFormatter() if narrow else LogFormatterSciNotation())
        axes.yaxis.set_minor_formatter(NullFormatter())


def _loss_key(rows: Rows) -> str:
    """Return the name of the column with the loss on target samples."""
    return "loss_target" if any("loss_target" in row for row in rows) else "loss"
