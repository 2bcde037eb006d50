"""What embedders share that draw a sample as a picture, for an image backbone's own embedding."""

import math
from abc import abstractmethod
from typing import Any, Literal

import torch
from torch import Tensor

from isthmus.backbones import Backbone
from isthmus.backbones.image import ImageBackbone
from isthmus.errors import InputError
from isthmus.model.embedders.embedder import Embedder, resize
from isthmus.model.embedders.patch import PatchEmbedder

Channels = Literal["side-by-side", "average", "colours"]
Scale = Literal["data", "sample"]
FLAT = 1e-6
"""Range or deviation up to which a series counts as constant"""


class DrawnEmbedder(Embedder):
    """Draw every channel of a sample in grey, arrange the drawings in a picture, embed it.

    The picture is embedded as the backbone embeds its own. A subclass draws the channels.

    Args:
        backbone: Image backbone to start from.
        input_shape: Shape (C, L) or (C, H, W) of a sample.
        channels: How several channels share a picture: in panels `side-by-side`, on top of one another
            (`average`), or as red, green and blue (`colours`). In colours, the second of two channels is both
            green and blue; more than three channels make three groups of neighbours, each averaged.
        scale: Whether values are drawn as they come, standardised by the training data (`data`), or every
            channel of every sample is scaled by itself (`sample`).
        reach: Standard deviations from the mean to either end of what is shown.

    Raises:
        InputError: If the backbone reads text, or `reach` is not above 0.
    """

    name: str
    """Name of the embedder, for messages"""

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(
        self, backbone: Backbone, input_shape: tuple[int, ...], channels: Channels, scale: Scale, reach: float
    ) -> None:
        super().__init__()
        if not isinstance(backbone, ImageBackbone):
            raise InputError(
                f"the embedder '{self.name}' needs an image backbone; '{backbone.name}' reads text:"
                " use 'patch'",
                kind="conflict",
                key="embedder",
            )
        if reach <= 0:
            raise InputError(f"{self.name}'s reach is {reach}; it must be above 0", key="embedder.reach")
        self.reach, self.by_sample = reach, scale == "sample"
        self.size = backbone.image_size
        self.patches = PatchEmbedder(backbone, (len(backbone.pixel_mean), *self.size), overlap=1.0)
        self.layout = self.patches.layout
        self.panels = _panels(input_shape[0]) if channels == "side-by-side" else (1, 1)
        rows, columns = self.panels
        self.panel = (math.ceil(self.size[0] / rows), math.ceil(self.size[1] / columns))
        self.in_colours = channels == "colours" and input_shape[0] > 1
        self.register_buffer("pixel_mean", backbone.pixel_mean.clone(), persistent=False)
        self.register_buffer("pixel_std", backbone.pixel_std.clone(), persistent=False)

    @classmethod
    def choices(cls, modality: str, input_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return both scales, each with the panels and, of several channels, the colours."""
        if modality != "image":
            return []
        shared = ("side-by-side", "colours") if input_shape[0] > 1 else ("side-by-side",)
        return [{"scale": scale, "channels": channels} for scale in ("data", "sample") for channels in shared]

    @abstractmethod
    def ink(self, x: Tensor) -> Tensor:
        """Draw channels [B, C, L] in grey, 0 to 1, each the size of a panel: [B, C, rows, columns]."""

    def forward(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, L] or [B, C, H, W] as tokens [B, N, D]."""
        tokens: Tensor = self.patches(self.draw(x))
        return tokens

    def draw(self, x: Tensor) -> Tensor:
        """Draw samples as pictures [B, 3, H, W] in the backbone's pixel scale."""
        pixels = self.arrange(self.ink(x))
        return (pixels - self.pixel_mean.view(1, -1, 1, 1)) / self.pixel_std.view(1, -1, 1, 1)

    def arrange(self, ink: Tensor) -> Tensor:
        """Arrange drawings [B, C, rows, columns] of channels in pictures [B, 1 or 3, H, W]."""
        rows, columns = self.panels
        if self.in_colours:
            picture = _colour(ink)
        elif rows * columns > 1:
            picture = _lay_out(ink, rows, columns)
        else:
            picture = ink.mean(1, keepdim=True)
        return resize(picture, self.size)


def _panels(channels: int) -> tuple[int, int]:
    """Return rows and columns of panels, nearly as many of one as of the other."""
    columns = math.isqrt(channels - 1) + 1
    return math.ceil(channels / columns), columns


def _lay_out(panels: Tensor, rows: int, columns: int) -> Tensor:
    """Lay [B, C, h, w] out as [B, 1, rows * h, columns * w]; panels without a channel stay empty."""
    batch, channels, height, width = panels.shape
    empty = panels.new_zeros(batch, rows * columns - channels, height, width)
    grid = torch.cat([panels, empty], 1).view(batch, rows, columns, height, width)
    return grid.permute(0, 1, 3, 2, 4).reshape(batch, 1, rows * height, columns * width)


def _colour(ink: Tensor) -> Tensor:
    """Average three groups of neighbouring channels [B, C, h, w] as red, green and blue [B, 3, h, w]."""
    if ink.shape[1] == 2:
        return ink[:, [0, 1, 1]]
    return torch.stack([group.mean(1) for group in torch.tensor_split(ink, 3, 1)], 1)
