"""Figure of one sample's tokens: which patches are replaced at the start, in the middle and at the end."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from torch import Tensor

from isthmus.model.embedders.embedder import resize
from isthmus.model.embedders.picture import PictureEmbedder
from isthmus.plots.intermediate import IntermediateModalities
from isthmus.plots.style import QUIET, SOURCE_COLOUR, TARGET_COLOUR, WIDTH, new_figure

TINT = 0.45
"""Share of the source's colour in a replaced patch"""

COLUMNS = 2


def draw_replaced(modalities: IntermediateModalities, sample: int = 0) -> Figure | None:
    """Draw a sample as the network takes it, with the replaced patches in the source's colour.

    Where tokens are patches of an image and the source is images too, the source's patches are shown in
    their new places; where tokens are stretches of a series, the replaced ones are shaded. A drawn series is
    shown dark on light.

    Args:
        modalities: Modalities of a run.
        sample: Number of the sample.

    Returns:
        The figure; None where the method replaces nothing.
    """
    panels = {name: fraction for name, fraction in modalities.fractions.items() if modalities.k(fraction)}
    if not panels:
        return None
    names = {"target sample": 0.0, **{f"{name}: k / L = {f:.2f}": f for name, f in panels.items()}}
    rows = -(-(len(names) + 1) // COLUMNS)
    with new_figure(WIDTH, 1.9 * rows) as figure:
        all_axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel().tolist()
        for axes in all_axes:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        for axes, (title, fraction) in zip(all_axes, names.items(), strict=False):
            _draw_panel(axes, modalities, sample, modalities.k(fraction))
            axes.set_title(title)
        _draw_source(all_axes[len(names)], modalities, sample)
    return figure


def _draw_panel(axes: Axes, modalities: IntermediateModalities, sample: int, k: int) -> None:
    """Draw the sample with k replaced tokens."""
    layout = modalities.net.embedder.layout
    if len(layout) == 1:
        replaced = modalities.replaced_tokens(k)[sample]
        _draw_series(axes, modalities.x[sample], replaced)
    else:
        axes.imshow(_with_source_patches(_to_image(modalities, sample), modalities, sample, k))


def _draw_series(axes: Axes, x: Tensor, replaced: Tensor) -> None:
    """Draw the channels [C, L] as lines, with the replaced stretches shaded."""
    axes.plot(np.linspace(0, len(replaced), x.shape[1]), x.T.numpy(), color=TARGET_COLOUR, linewidth=1.0)
    for token in replaced.nonzero().flatten().tolist():
        axes.axvspan(token, token + 1, color=SOURCE_COLOUR, alpha=TINT, linewidth=0, zorder=3)
    axes.margins(x=0)


def _to_image(modalities: IntermediateModalities, sample: int) -> np.ndarray:
    """Return a target sample as an image [H, W, 3] in [0, 1]; a drawn series is dark on light."""
    net, x = modalities.net, modalities.x[sample : sample + 1]
    if isinstance(net.embedder, PictureEmbedder):
        image = net.embedder.draw(net.standardise(x))[0]
    else:
        grey = x[0].mean(0, keepdim=True).expand(3, -1, -1)
        image = resize(grey[None], tuple(8 * n for n in net.embedder.layout))[0]
    over = (1, 2) if _is_inverted(modalities) else (0, 1, 2)  # the backbone's scale of pixels has no colour
    low, high = image.amin(over, keepdim=True), image.amax(over, keepdim=True)
    drawn = ((image - low) / (high - low).clamp_min(1e-6)).permute(1, 2, 0).numpy()
    return 1 - drawn if _is_inverted(modalities) else drawn.copy()


def _is_inverted(modalities: IntermediateModalities) -> bool:
    """Return whether images are shown with light and dark exchanged: a series is light ink on dark ground."""
    return len(modalities.net.spec.input_shape) == 2


def _with_source_patches(
    image: np.ndarray, modalities: IntermediateModalities, sample: int, k: int
) -> np.ndarray:
    """Return the image [H, W, 3] with tinted patches of the source in the places of the replaced ones."""
    rows, columns = modalities.net.embedder.layout
    height, width = image.shape[0] // rows, image.shape[1] // columns
    source = np.ones_like(image)
    if modalities.net.backbone.grid is not None:
        picture = torch.as_tensor(modalities.source_x[sample : sample + 1]).float() / 255
        source = resize(picture, image.shape[:2])[0].permute(1, 2, 0).numpy()
        source = 1 - source if _is_inverted(modalities) else source
    tinted = (1 - TINT) * source + TINT * np.asarray(to_rgb(SOURCE_COLOUR))

    def patch(token: int) -> tuple[slice, slice]:
        """Return the rows and columns of a token's patch."""
        top, left = (token // columns) * height, (token % columns) * width
        return slice(top, top + height), slice(left, left + width)

    replaced = modalities.replaced_tokens(k)[sample].nonzero().flatten().tolist()
    replacing = modalities.replacing_tokens(k)[sample].tolist()
    mixed = image.copy()
    for target_token, source_token in zip(replaced, replacing, strict=True):
        mixed[patch(target_token)] = tinted[patch(source_token)]
    return mixed


def _draw_source(axes: Axes, modalities: IntermediateModalities, sample: int) -> None:
    """Draw the source sample: an image, or the start of a text."""
    source = modalities.source_x[sample]
    axes.set_title("source sample")
    if isinstance(source, str):
        axes.text(0.5, 0.5, source[:160], wrap=True, ha="center", va="center", fontsize=6, color=QUIET)
    else:
        axes.imshow(torch.as_tensor(source).permute(1, 2, 0).numpy())
