"""One sample's tokens: which patches are replaced at the start, in the middle and at the end."""

from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from isthmus.model.embedders.embedder import resize
from isthmus.model.embedders.picture import PictureEmbedder
from isthmus.plots.bridge import Bridge
from isthmus.plots.figure import SOURCE_COLOUR, TARGET_COLOUR, saved_figure


def draw_replaced(bridge: Bridge, path: Path, sample: int = 0) -> None:
    """Draw the sample as the network takes it, with the replaced patches marked.

    Where tokens are patches of a picture and the source is pictures too, the source's patches are
    shown in their new places; where tokens are stretches of a series, the replaced ones are shaded.
    """
    panels = {"target": 0.0, **{f"{w}: k/L = {f:.2f}": f for w, f in bridge.fractions.items()}}
    with saved_figure(path, 2.6 * (len(panels) + 1), 2.9) as figure:
        axes = figure.subplots(1, len(panels) + 1)
        for axis, (title, fraction) in zip(axes, panels.items(), strict=False):
            _draw(axis, bridge, sample, bridge.k(fraction))
            axis.set_title(title)
        _draw_source(axes[-1], bridge, sample)
        for axis in axes:
            axis.set(xticks=[], yticks=[])


def _draw(axes: Axes, bridge: Bridge, sample: int, k: int) -> None:
    layout = bridge.net.embedder.layout
    freed = bridge.freed(k)[sample].view(layout)
    if len(layout) == 1:
        _draw_series(axes, bridge.x[sample], freed)
        return
    picture = _as_seen(bridge, bridge.x[sample : sample + 1])
    if bridge.net.backbone.grid is not None:
        picture = _with_source_patches(picture, bridge, sample, k)
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


def _with_source_patches(picture: np.ndarray, bridge: Bridge, sample: int, k: int) -> np.ndarray:
    """The picture with the source's patches in their new places."""
    source = torch.as_tensor(bridge.source_x[sample : sample + 1]).float() / 255
    other = resize(source, picture.shape[:2])[0].permute(1, 2, 0).numpy()
    rows, columns = bridge.net.embedder.layout
    height, width = picture.shape[0] // rows, picture.shape[1] // columns
    freed = bridge.freed(k)[sample].nonzero().flatten().tolist()
    mixed = picture.copy()
    for place, token in zip(freed, bridge.taken(k)[sample].tolist(), strict=True):
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
