"""Tokens of a drawing: a series drawn as a line picture, for an image backbone's own embedding."""

from typing import Any

from torch import Tensor

from isthmus.backbones import Backbone
from isthmus.drawing import DENSE, draw_series
from isthmus.model.embedders.drawn import FLAT, Channels, DrawnEmbedder, Scale
from isthmus.model.embedders.embedder import resize
from isthmus.model.embedders.registry import embedders

THIN = 64
"""Rows of a picture up to which a line is one pixel thick"""

MARGIN = 0.05
"""Part of the height above and below a series that is scaled by itself"""


@embedders.register("picture")
class PictureEmbedder(DrawnEmbedder):
    """Draw every channel of a series as a line, or take a picture as it is; embed as the backbone does.

    White ink on black ground. Of a series with more than four points to a column of the picture, the line
    shows the envelope. A picture-like input [B, C, H, W] is resized; one channel is shown as grey, three as
    colours.

    Args:
        backbone: Image backbone to start from.
        input_shape: Shape (C, L) or (C, H, W) of a sample.
        channels: How several channels share a picture: in panels `side-by-side`, on top of one another
            (`average`), or as red, green and blue (`colours`).
        scale: What fills the height of a drawn series: `reach` deviations of the training data (`data`), or
            each channel of each sample by itself, from its minimum to its maximum (`sample`).
        reach: Standard deviations from the training mean to the top and bottom edge of the picture.
        thickness: Thickness of the line, in pixels; None for 1/64 of the picture's height, and at least 1.

    Raises:
        InputError: If the backbone reads text, or `reach` is not above 0.
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
        super().__init__(backbone, input_shape, channels, scale, reach)
        self.thickness = max(1.0, self.size[0] / THIN) if thickness is None else thickness
        self.is_series = len(input_shape) == 2
        self.is_photo = not self.is_series and input_shape[0] == len(self.pixel_mean)

    @classmethod
    def choices(cls, modality: str, input_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return the ways to draw a series; a picture has one way to be shown."""
        is_picture = modality == "image" and len(input_shape) == 3
        return [{}] if is_picture else super().choices(modality, input_shape)

    def draw(self, x: Tensor) -> Tensor:
        """Draw samples as pictures [B, 3, H, W] in the backbone's pixel scale."""
        if self.is_series:
            return super().draw(x)
        if self.is_photo:
            return resize(x, self.size)
        pixels = self.arrange(resize(x, self.panel))  # standardised already
        return pixels.expand(-1, len(self.pixel_mean), -1, -1)

    def ink(self, x: Tensor) -> Tensor:
        """Draw series [B, C, L] as lines: [B, C, rows, columns]."""
        return draw_series(self._heights(x), *self.panel, self.thickness, DENSE * self.size[1])

    def _heights(self, x: Tensor) -> Tensor:
        """Scale series to heights, 0 at the bottom edge and 1 at the top."""
        if not self.by_sample:
            return (x / self.reach + 1) / 2
        low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
        span = (high - low).where(high - low > FLAT, 1.0)
        return 0.5 + (1 - 2 * MARGIN) * (x - (low + high) / 2) / span
