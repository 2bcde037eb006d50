"""Picture of a few samples of a task."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isthmus.files import atomic_write, make_folder
from isthmus.tasks import Task

EACH = 3
"""Samples of a class"""
MOST_CLASSES = 8
UNCLASSED = 3
"""Rows of samples where there are no classes"""
MOST_LINES = 8
"""Channels of a series up to which it is drawn as lines"""


def draw_data(task: Task, path: Path) -> None:
    """Draw a few training samples of each class, a row for each, or some samples where there are no classes.

    Args:
        task: The task.
        path: File to write; its suffix says the format.
    """
    rows = chosen(task)
    figure = Figure(figsize=(2.2 * EACH + 0.6, 1.5 * len(rows) + 0.2), layout="constrained")
    panels = figure.subplots(len(rows), EACH, squeeze=False)
    for line, (title, indices) in zip(panels, rows, strict=True):
        samples = task.train.x[indices]
        for number, axes in enumerate(line):
            if number < len(indices):
                _draw(axes, samples[number])
            else:
                axes.set_axis_off()
        line[0].set_ylabel(title, fontsize=8)
    make_folder(path.absolute().parent)
    with atomic_write(path) as part:
        figure.savefig(part, format=path.suffix.lstrip("."), dpi=120)


def chosen(task: Task) -> list[tuple[str, np.ndarray]]:
    """Return a title and the indices of some training samples for each row of the picture."""
    if not task.stratified:
        every = np.linspace(0, len(task.train) - 1, EACH * UNCLASSED).round().astype(np.int64)
        return [("", part) for part in np.split(every, UNCLASSED)]
    y = np.asarray(task.train.y)
    places = [np.flatnonzero(y == number)[:EACH] for number in range(min(task.n_classes, MOST_CLASSES))]
    return [(str(name), place) for name, place in zip(task.classes, places, strict=False)]


def _draw(axes: Axes, sample: np.ndarray) -> None:
    """Draw one sample [C, L] or [C, H, W]."""
    if sample.ndim == 2 and len(sample) <= MOST_LINES:
        axes.plot(sample.T, linewidth=0.9)
        axes.margins(x=0)
        axes.tick_params(labelsize=6)
        return
    picture = (
        sample if sample.ndim == 2 else np.moveaxis(sample, 0, -1) if len(sample) == 3 else sample.mean(0)
    )
    low, high = float(picture.min()), float(picture.max())
    axes.imshow(
        (picture - low) / (high - low or 1.0), cmap="gray", aspect="auto" if sample.ndim == 2 else None
    )
    axes.set(xticks=[], yticks=[])
