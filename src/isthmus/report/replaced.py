"""One sample's tokens: which patches are replaced at the start, in the middle and at the end."""

from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from isthmus.model.embedders.embedder import resize
from isthmus.model.embedders.picture import PictureEmbedder
from isthmus.report.bridge import MOMENTS, Bridge
from isthmus.report.figure import SOURCE_COLOUR, TARGET_COLOUR, saved_figure

WHEN = dict(zip(MOMENTS, ("start", "middle", "end"), strict=True))


def draw_replaced(bridge: Bridge, path: Path, sample: int = 0) -> None:
    """Draw the sample as the network takes it, with the replaced patches marked.

    Where tokens are patches of a picture and the source is pictures too, the source's patches are
    shown in their new places; where tokens are stretches of a series, the replaced ones are shaded.
    """
    moments = len(bridge.fractions)
    with saved_figure(path, 2.6 * (moments + 2), 2.9) as figure:
        axes = figure.subplots(1, moments + 2)
        _draw(axes[0], bridge, sample, None)
        axes[0].set_title("target")
        for panel, (when, fraction) in enumerate(zip(WHEN.values(), bridge.fractions, strict=True)):
            _draw(axes[panel + 1], bridge, sample, panel)
            axes[panel + 1].set_title(f"{when}: k/L = {fraction:.2f}")
        _draw_source(axes[-1], bridge, sample)
        for axis in axes:
            axis.set(xticks=[], yticks=[])


def _draw(axes: Axes, bridge: Bridge, sample: int, moment: int | None) -> None:
    layout = bridge.net.embedder.layout
    freed = (
        torch.zeros(layout, dtype=torch.bool) if moment is None else bridge.freed[moment][sample].view(layout)
    )
    if len(layout) == 1:
        _draw_series(axes, bridge.x[sample], freed)
        return
    picture = _as_seen(bridge, bridge.x[sample : sample + 1])
    if moment is not None and bridge.net.backbone.grid is not None:
        picture = _with_source_patches(picture, bridge, sample, moment)
    axes.imshow(picture)
    for row, column in freed.nonzero().tolist():
        height, width = picture.shape[0] / layout[0], picture.shape[1] / layout[1]
        corner = (column * width - 0.5, row * height - 0.5)
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=SOURCE_COLOUR, linewidth=0.5))


def _draw_series(axes: Axes, x: Tensor, freed: Tensor) -> None:
    """The channels [C, L] as lines; replaced stretches shaded."""
    axes.plot(np.linspace(0, len(freed), x.shape[1]), x.T.numpy(), color=TARGET_COLOUR, linewidth=0.8)
    for token in freed.nonzero().flatten().tolist():
        axes.axvspan(token, token + 1, color=SOURCE_COLOUR, alpha=0.5, linewidth=0)
    axes.margins(x=0)


def _as_seen(bridge: Bridge, x: Tensor) -> np.ndarray:
    """A target sample [1, C, ...] as a picture [H, W, 3] in [0, 1]."""
    net = bridge.net
    if isinstance(net.embedder, PictureEmbedder):
        image = net.embedder.draw(net.standardise(x))[0]
    else:
        grey = x[0].mean(0, keepdim=True).expand(3, -1, -1)
        image = resize(grey[None], tuple(8 * n for n in net.embedder.layout))[0]
    image = (image - image.min()) / (image.max() - image.min()).clamp_min(1e-6)
    return image.permute(1, 2, 0).numpy().copy()


def _with_source_patches(picture: np.ndarray, bridge: Bridge, sample: int, moment: int) -> np.ndarray:
    """The picture with the source's patches in their new places."""
    source = torch.as_tensor(bridge.source_x[sample : sample + 1]).float() / 255
    other = resize(source, picture.shape[:2])[0].permute(1, 2, 0).numpy()
    rows, columns = bridge.net.embedder.layout
    height, width = picture.shape[0] // rows, picture.shape[1] // columns
    freed = bridge.freed[moment][sample].nonzero().flatten().tolist()
    mixed = picture.copy()
    for place, token in zip(freed, bridge.taken[moment][sample].tolist(), strict=True):
        to_row, to_column = (place // columns) * height, (place % columns) * width
        row, column = (token // columns) * height, (token % columns) * width
        mixed[to_row : to_row + height, to_column : to_column + width] = other[
            row : row + height, column : column + width
        ]
    return mixed


def _draw_source(axes: Axes, bridge: Bridge, sample: int) -> None:
    source = bridge.source_x[sample]
    axes.set_title("source")
    if isinstance(source, str):
        axes.text(0.5, 0.5, source[:160], wrap=True, ha="center", va="center", fontsize=6)
    else:
        axes.imshow(torch.as_tensor(source).permute(1, 2, 0).numpy())
