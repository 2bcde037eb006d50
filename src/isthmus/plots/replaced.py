"""Figure of one sample's tokens: which patches are replaced at the start, in the middle and at the end."""

from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from isthmus.model.embedders.embedder import resize
from isthmus.model.embedders.picture import PictureEmbedder
from isthmus.plots.figures import SOURCE_COLOUR, TARGET_COLOUR, saved_figure
from isthmus.plots.intermediate import IntermediateModalities


def draw_replaced(modalities: IntermediateModalities, path: Path, sample: int = 0) -> None:
    """Draw a sample as the network takes it, with the replaced patches marked.

    Where tokens are patches of an image and the source is images too, the source's patches are shown in
    their new places; where tokens are stretches of a series, the replaced ones are shaded.

    Args:
        modalities: Modalities of a run.
        path: File to write.
        sample: Number of the sample.
    """
    fractions = modalities.fractions.items()
    panels = {"target": 0.0, **{f"{name}: k/L = {fraction:.2f}": fraction for name, fraction in fractions}}
    with saved_figure(path, 2.6 * (len(panels) + 1), 2.9) as figure:
        all_axes = figure.subplots(1, len(panels) + 1)
        for axes, (title, fraction) in zip(all_axes, panels.items(), strict=False):
            _draw_panel(axes, modalities, sample, modalities.k(fraction))
            axes.set_title(title)
        _draw_source(all_axes[-1], modalities, sample)
        for axes in all_axes:
            axes.set(xticks=[], yticks=[])


def _draw_panel(axes: Axes, modalities: IntermediateModalities, sample: int, k: int) -> None:
    """Draw the sample with k replaced tokens."""
    layout = modalities.net.embedder.layout
    replaced = modalities.replaced_tokens(k)[sample].view(layout)
    if len(layout) == 1:
        _draw_series(axes, modalities.x[sample], replaced)
        return
    image = _to_image(modalities, modalities.x[sample : sample + 1])
    if modalities.net.backbone.grid is not None:
        image = _with_source_patches(image, modalities, sample, k)
    axes.imshow(image)
    height, width = image.shape[0] / layout[0], image.shape[1] / layout[1]
    for row, column in replaced.nonzero().tolist():
        corner = (column * width - 0.5, row * height - 0.5)
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=SOURCE_COLOUR, linewidth=0.5))


def _draw_series(axes: Axes, x: Tensor, replaced: Tensor) -> None:
    """Draw the channels [C, L] as lines, with the replaced stretches shaded."""
    axes.plot(np.linspace(0, len(replaced), x.shape[1]), x.T.numpy(), color=TARGET_COLOUR, linewidth=0.8)
    for token in replaced.nonzero().flatten().tolist():
        axes.axvspan(token, token + 1, color=SOURCE_COLOUR, alpha=0.5, linewidth=0)
    axes.margins(x=0)


def _to_image(modalities: IntermediateModalities, x: Tensor) -> np.ndarray:
    """Convert a target sample [1, C, ...] to an image [H, W, 3] in [0, 1]."""
    net = modalities.net
    if isinstance(net.embedder, PictureEmbedder):
        image = net.embedder.draw(net.standardise(x))[0]
    else:
        grey = x[0].mean(0, keepdim=True).expand(3, -1, -1)
        image = resize(grey[None], tuple(8 * n for n in net.embedder.layout))[0]
    image = (image - image.min()) / (image.max() - image.min()).clamp_min(1e-6)
    return image.permute(1, 2, 0).numpy().copy()


def _with_source_patches(
    image: np.ndarray, modalities: IntermediateModalities, sample: int, k: int
) -> np.ndarray:
    """Return the image [H, W, 3] with the source's patches in the places of the replaced ones."""
    source = torch.as_tensor(modalities.source_x[sample : sample + 1]).float() / 255
    source_image = resize(source, image.shape[:2])[0].permute(1, 2, 0).numpy()
    rows, columns = modalities.net.embedder.layout
    height, width = image.shape[0] // rows, image.shape[1] // columns

    def patch(token: int) -> tuple[slice, slice]:
        """Return the rows and columns of a token's patch."""
        top, left = (token // columns) * height, (token % columns) * width
        return slice(top, top + height), slice(left, left + width)

    replaced = modalities.replaced_tokens(k)[sample].nonzero().flatten().tolist()
    replacing = modalities.replacing_tokens(k)[sample].tolist()
    mixed = image.copy()
    for target_token, source_token in zip(replaced, replacing, strict=True):
        mixed[patch(target_token)] = source_image[patch(source_token)]
    return mixed


def _draw_source(axes: Axes, modalities: IntermediateModalities, sample: int) -> None:
    """Draw the source sample: an image, or the start of a text."""
    source = modalities.source_x[sample]
    axes.set_title("source")
    if isinstance(source, str):
        axes.text(0.5, 0.5, source[:160], wrap=True, ha="center", va="center", fontsize=6)
    else:
        axes.imshow(torch.as_tensor(source).permute(1, 2, 0).numpy())
