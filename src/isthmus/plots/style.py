"""The one style of all figures: readable when small, told apart by the colour-blind, saved in any format."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from isthmus.files import atomic_write

WIDTH, HEIGHT = 4.4, 3.0
"""Size of a figure in inches: text of 9 points stays readable on a telephone."""

INK, QUIET, FAINT = "#1f2328", "#6b7280", "#e5e7eb"
"""Colours of text, of what is less important, and of lines behind."""

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7f5539", "#4b5563")
"""Colours of classes and methods (Okabe and Ito, 2008), without yellow, which is faint on white."""

SOURCE_COLOUR, TARGET_COLOUR = "#e69f00", "#0072b2"

STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "savefig.dpi": 150,
    "svg.hashsalt": "isthmus",
}

SVG_ID = re.compile(rb'(?<=[#"])[A-Za-z]+[0-9a-f]{10}(?=[")])')

METADATA: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""What would make two files of the same figure differ"""


@contextmanager
def new_figure(width: float = WIDTH, height: float = HEIGHT) -> Iterator[Figure]:
    """Make a figure that needs no screen; what is drawn inside the block is in the style of all figures.

    Args:
        width: Width in inches.
        height: Height in inches.
    """
    with rc_context(STYLE):
        figure = Figure((width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the same in every format, and laid out once


def as_bytes(figure: Figure, kind: str) -> bytes:
    """Return a figure as the bytes of a file.

    Args:
        figure: Figure that `new_figure` made.
        kind: Format: png, svg or pdf.
    """
    buffer = io.BytesIO()
    with rc_context(STYLE):
        figure.savefig(buffer, format=kind, metadata=METADATA.get(kind))
    return _with_numbered_ids(buffer.getvalue()) if kind == "svg" else buffer.getvalue()


def _with_numbered_ids(svg: bytes) -> bytes:
    """Return an SVG with numbers for ids; matplotlib makes some of them from addresses in memory."""
    numbers: dict[bytes, bytes] = {}
    return SVG_ID.sub(lambda found: numbers.setdefault(found[0], b"i%d" % len(numbers)), svg)


def save(figure: Figure, path: Path) -> None:
    """Write a figure, whole or not at all, in the format of the file's name."""
    content = as_bytes(figure, path.suffix[1:])
    with atomic_write(path) as part:
        part.write_bytes(content)


def with_grid(axes: Axes, axis: Literal["both", "x", "y"] = "both") -> None:
    """Put faint lines behind a drawing, to read values by."""
    axes.grid(True, axis=axis)
    axes.tick_params(length=0)


def above(axes: Axes, columns: int, title: str | None = None) -> None:
    """Put the legend above the drawing, where it hides nothing."""
    axes.legend(
        title=title,
        title_fontsize=8,
        alignment="left",
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        borderaxespad=0.3,
        handletextpad=0.4,
        columnspacing=1.0,
    )


def colour_of(number: int) -> str:
    """Return the colour of a class or a method by its number; many share the last."""
    return PALETTE[min(number, len(PALETTE) - 1)]


def shortened(text: object, length: int = 18) -> str:
    """Return a name that fits beside a drawing; names differ at their ends, so the middle is left out."""
    name, half = str(text), length // 2
    return name if len(name) <= length else f"{name[: length - half - 1]}…{name[-half:]}"
