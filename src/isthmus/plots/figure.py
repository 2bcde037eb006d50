"""Figures without a screen, written whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from isthmus.files import atomic_write

COLOURS = {"scratch": "#8a8a8a", "nft": "#2f6fb0", "pare": "#d1495b"}
SOURCE_COLOUR, TARGET_COLOUR = "#e09f3e", "#2f6fb0"


@contextmanager
def saved_figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure of so many inches, saved to `path` (PNG) when the block ends well."""
    figure = Figure((width, height), layout="constrained")
    FigureCanvasAgg(figure)
    yield figure
    with atomic_write(path) as beside:
        figure.savefig(beside, dpi=120, format="png")
