"""Tokens of a drawing: a series drawn as a line picture, for an image backbone's own embedding."""

import math
from typing import Literal

import torch
from torch import Tensor

from isthmus.backbones import Backbone
from isthmus.backbones.image import ImageBackbone
from isthmus.drawing import draw_series
from isthmus.errors import InputError
from isthmus.model.embedders.embedder import Embedder, embedders, resize
from isthmus.model.embedders.patch import PatchEmbedder


@embedders.register("picture")
class PictureEmbedder(Embedder):
    """Draw every channel of a series as a line, or take a picture as it is; embed as the backbone does.

    White ink on black ground. A picture-like input [B, C, H, W] is resized; one channel is shown
    as grey, three as colours.

    Args:
        backbone: Image backbone to start from.
        input_shape: Shape (C, L) or (C, H, W) of a sample.
        channels: Whether several channels are drawn in panels `side-by-side`, or on top of one another
            (`average`).
        reach: Standard deviations from the training mean to the top and bottom edge of the picture.
        thickness: Thickness of the line, in pixels.

    Raises:
        InputError: If the backbone reads text.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(
        self,
        backbone: Backbone,
        input_shape: tuple[int, ...],
        *,
        channels: Literal["side-by-side", "average"] = "side-by-side",
        reach: float = 3.0,
        thickness: float = 1.0,
    ) -> None:
        super().__init__()
        if not isinstance(backbone, ImageBackbone):
            raise InputError(
                f"the embedder 'picture' needs an image backbone; '{backbone.name}' reads text: use 'patch'",
                kind="conflict",
                key="embedder",
            )
        colours = len(backbone.pixel_mean)
        self.size = backbone.image_size
        self.patches = PatchEmbedder(backbone, (colours, *self.size), overlap=1.0)
        self.layout = self.patches.layout
        self.reach, self.thickness = reach, thickness
        self.panels = _panels(input_shape[0]) if channels == "side-by-side" else (1, 1)
        self.is_series = len(input_shape) == 2
        self.in_colour = not self.is_series and input_shape[0] == colours
        self.register_buffer("pixel_mean", backbone.pixel_mean.clone(), persistent=False)
        self.register_buffer("pixel_std", backbone.pixel_std.clone(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, L] or [B, C, H, W] as tokens [B, N, D]."""
        tokens: Tensor = self.patches(self.draw(x))
        return tokens

    def draw(self, x: Tensor) -> Tensor:
        """Draw samples as pictures [B, 3, H, W] in the backbone's pixel scale."""
        if self.in_colour:
            return resize(x, self.size)
        rows, columns = self.panels
        panel = (math.ceil(self.size[0] / rows), math.ceil(self.size[1] / columns))
        if self.is_series:
            ink = draw_series((x / self.reach + 1) / 2, *panel, self.thickness)
        else:
            ink = resize(x, panel)
        grey = _arrange(ink, rows, columns) if rows * columns > 1 else ink.mean(1, keepdim=True)
        grey = resize(grey, self.size)
        if not self.is_series:
            return grey.expand(-1, len(self.pixel_mean.flatten()), -1, -1)  # standardised already
        return (grey - self.pixel_mean.view(1, -1, 1, 1)) / self.pixel_std.view(1, -1, 1, 1)


def _panels(channels: int) -> tuple[int, int]:
    """Return rows and columns of panels, nearly as many of one as of the other."""
    columns = math.isqrt(channels - 1) + 1
    return math.ceil(channels / columns), columns


def _arrange(panels: Tensor, rows: int, columns: int) -> Tensor:
    """Lay [B, C, h, w] out as [B, 1, rows * h, columns * w]; panels without a channel stay empty."""
    batch, channels, height, width = panels.shape
    empty = panels.new_zeros(batch, rows * columns - channels, height, width)
    grid = torch.cat([panels, empty], 1).view(batch, rows, columns, height, width)
    return grid.permute(0, 1, 3, 2, 4).reshape(batch, 1, rows * height, columns * width)
