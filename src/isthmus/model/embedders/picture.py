"""Tokens of a drawing: a series drawn as a line picture, for an image backbone's own embedding."""

from typing import Any

import torch
from torch import Tensor

from isthmus.backbones import Backbone
from isthmus.drawing import draw_series
from isthmus.model.embedders.drawn import FLAT, Channels, DrawnEmbedder, Scale
from isthmus.model.embedders.embedder import embedders, resize

THIN = 64
"""Rows of a picture in which a line is one pixel thick"""

MARGIN = 0.05


@embedders.register("picture")
class PictureEmbedder(DrawnEmbedder):
    """Draw every channel of a series as a line, or take a picture as it is; embed as the backbone does.

    White ink on black ground. A picture-like input [B, C, H, W] is resized; one channel is shown
    as grey, three as colours.

    Args:
        backbone: Image backbone to start from.
        input_shape: Shape (C, L) or (C, H, W) of a sample.
        channels: How several channels share a picture: in panels `side-by-side`, on top of one another
            (`average`), or as red, green and blue (`colours`).
        scale: What fills the height: `reach` deviations of the training data (`data`), or each channel of each
            sample by itself from its minimum to its maximum (`sample`).
        reach: Standard deviations from the training mean to the top and bottom edge of the picture.
        thickness: Thickness of the line, in pixels; None for 1/64 of the picture's height.

    Raises:
        InputError: If the backbone reads text.
    """

    name = "picture"

    def __init__(
        self,
        backbone: Backbone,
        input_shape: tuple[int, ...],
        *,
        channels: Channels = "side-by-side",
        scale: Scale = "data",
        reach: float = 3.0,
        thickness: float | None = None,
    ) -> None:
        super().__init__(backbone, input_shape, channels)
        self.reach, self.by_sample = reach, scale == "sample"
        self.thickness = self.size[0] / THIN if thickness is None else thickness
        self.is_series = len(input_shape) == 2
        self.is_photo = not self.is_series and input_shape[0] == len(self.pixel_mean)

    @classmethod
    def choices(cls, modality: str, input_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return both scales for a series, and each way to share a picture; a picture has one way to be shown."""
        if modality != "image":
            return []
        if len(input_shape) == 3:
            return [{}]
        shared = ("side-by-side", "colours") if input_shape[0] > 1 else ("side-by-side",)
        return [{"scale": scale, "channels": channels} for scale in ("data", "sample") for channels in shared]

    def draw(self, x: Tensor) -> Tensor:
        """Draw samples as pictures [B, 3, H, W] in the backbone's pixel scale."""
        if self.is_photo:
            return resize(x, self.size)
        if self.is_series:
            return super().draw(x)
        return self.arrange(resize(x, self.panel)).expand(
            -1, len(self.pixel_mean), -1, -1
        )  # standardised already

    def ink(self, x: Tensor) -> Tensor:
        """Draw series [B, C, L] as lines: [B, C, rows, columns]."""
        return draw_series(self._heights(x), *self.panel, self.thickness)

    def _heights(self, x: Tensor) -> Tensor:
        """Scale series to heights, 0 at the bottom edge and 1 at the top."""
        if not self.by_sample:
            return (x / self.reach + 1) / 2
        low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
        middle = (low + high) / 2
        span = torch.where(high - low > FLAT, high - low, torch.ones_like(high))
        return 0.5 + (1 - 2 * MARGIN) * (x - middle) / span
