"""What embedders share that draw a sample as a picture, for an image backbone's own embedding."""

import math
from abc import abstractmethod
from typing import Literal

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
"""Range or deviation below which a series is drawn as a flat line"""


class DrawnEmbedder(Embedder):
    """Draw every channel of a sample in grey, arrange the drawings in a picture, embed it as the backbone does.

    A subclass draws the channels.

    Args:
        backbone: Image backbone to start from.
        input_shape: Shape (C, L) or (C, H, W) of a sample.
        channels: How several channels share a picture: in panels `side-by-side`, on top of one another
            (`average`), or as red, green and blue (`colours`; more than three in three groups of neighbours).

    Raises:
        InputError: If the backbone reads text.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, backbone: Backbone, input_shape: tuple[int, ...], channels: Channels) -> None:
        super().__init__()
        if not isinstance(backbone, ImageBackbone):
            raise InputError(
                f"the embedder '{self.name}' needs an image backbone; '{backbone.name}' reads text: use 'patch'",
                kind="conflict",
                key="embedder",
            )
        colours = len(backbone.pixel_mean)
        self.size = backbone.image_size
        self.patches = PatchEmbedder(backbone, (colours, *self.size), overlap=1.0)
        self.layout = self.patches.layout
        self.panels = _panels(input_shape[0]) if channels == "side-by-side" else (1, 1)
        rows, columns = self.panels
        self.panel = (math.ceil(self.size[0] / rows), math.ceil(self.size[1] / columns))
        self.in_colours = channels == "colours" and input_shape[0] > 1
        self.register_buffer("pixel_mean", backbone.pixel_mean.clone(), persistent=False)
        self.register_buffer("pixel_std", backbone.pixel_std.clone(), persistent=False)

    name: str
    """Name of the embedder, for messages"""

    @abstractmethod
    def ink(self, x: Tensor) -> Tensor:
        """Draw channels [B, C, ...] in grey, 0 to 1, each the size of a panel: [B, C, rows, columns]."""

    def forward(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, L] or [B, C, H, W] as tokens [B, N, D]."""
        tokens: Tensor = self.patches(self.draw(x))
        return tokens

    def draw(self, x: Tensor) -> Tensor:
        """Draw samples as pictures [B, 3, H, W] in the backbone's pixel scale."""
        return (self.arrange(self.ink(x)) - self.pixel_mean.view(1, -1, 1, 1)) / self.pixel_std.view(
            1, -1, 1, 1
        )

    def arrange(self, ink: Tensor) -> Tensor:
        """Arrange drawings [B, C, rows, columns] of channels in pictures [B, 1 or 3, H, W]."""
        if self.in_colours:
            groups = torch.tensor_split(ink, min(3, ink.shape[1]), 1)
            bands = [group.mean(1) for group in groups]
            return resize(torch.stack([*bands, *[bands[-1]] * (3 - len(bands))], 1), self.size)
        rows, columns = self.panels
        grey = _lay_out(ink, rows, columns) if rows * columns > 1 else ink.mean(1, keepdim=True)
        return resize(grey, self.size)


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
