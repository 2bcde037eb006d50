"""Tokens of a folded series: a heat map of its segments, for an image backbone's own embedding."""

import math
from typing import Any

import torch
from torch import Tensor

from isthmus.backbones import Backbone
from isthmus.errors import InputError
from isthmus.model.embedders.drawn import FLAT, Channels, DrawnEmbedder, Scale
from isthmus.model.embedders.registry import embedders

LEAST_SEGMENT, LEAST_LENGTH = 4, 8


@embedders.register("fold")
class FoldEmbedder(DrawnEmbedder):
    """Cut every channel of a series into overlapping segments, the rows of a heat map.

    The map is embedded as the backbone embeds its pictures. What repeats at the length of a row becomes a
    vertical pattern, what changes slowly a horizontal one. After the idea of TiViT (2025), as told from
    memory; it was not compared with that paper's code.

    Args:
        backbone: Image backbone to start from.
        input_shape: Shape (C, L) of a sample.
        channels: How several channels share a picture: in panels `side-by-side`, on top of one another
            (`average`), or as red, green and blue (`colours`).
        scale: What a shade stands for: deviations of the training data (`data`), or of each channel of each
            sample by itself (`sample`).
        reach: Standard deviations from the mean to black and to white; values beyond are clipped.
        segment: Points in a row; None for the square root of the series' length, and at least 4.
        step: Points from the start of a row to that of the next; None for a quarter of a row.

    Raises:
        InputError: If the backbone reads text, samples are no series, a series is too short to be folded, or
            an option does not fit.
    """

    name = "fold"
    places: Tensor

    def __init__(
        self,
        backbone: Backbone,
        input_shape: tuple[int, ...],
        *,
        channels: Channels = "side-by-side",
        scale: Scale = "data",
        reach: float = 3.0,
        segment: int | None = None,
        step: int | None = None,
    ) -> None:
        super().__init__(backbone, input_shape, channels, scale, reach)
        if len(input_shape) != 2:
            raise InputError(
                f"the embedder 'fold' reads series [C, L]; these samples are {list(input_shape)}:"
                " use 'picture'",
                kind="conflict",
                key="embedder",
            )
        length = input_shape[1]
        if length < LEAST_LENGTH:
            raise InputError(
                f"a series of {length} points is too short to be folded; {LEAST_LENGTH} or more are needed:"
                " use 'picture'",
                kind="conflict",
                key="embedder",
            )
        self.segment = max(LEAST_SEGMENT, math.isqrt(length)) if segment is None else segment
        self.step = max(1, self.segment // 4) if step is None else step
        for option, value in (("segment", self.segment), ("step", self.step)):
            if not 1 <= value <= length:
                raise InputError(
                    f"fold's {option} is {value}; for series of {length} points it is 1 to {length}",
                    key=f"embedder.{option}",
                )
        starts = _nearest((length - self.segment) // self.step + 1, self.panel[0]) * self.step
        places = starts[:, None] + _nearest(self.segment, self.panel[1])
        self.register_buffer("places", places, persistent=False)

    @classmethod
    def choices(cls, modality: str, input_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return the ways to draw a series that can be folded."""
        foldable = len(input_shape) == 2 and input_shape[1] >= LEAST_LENGTH
        return super().choices(modality, input_shape) if foldable else []

    def ink(self, x: Tensor) -> Tensor:
        """Fold series [B, C, L] into heat maps [B, C, rows, columns]."""
        if self.by_sample:
            std, mean = torch.std_mean(x, -1, correction=0, keepdim=True)
            x = (x - mean) / std.where(std > FLAT, 1.0)
        return (x[..., self.places] / self.reach).clamp(-1, 1) / 2 + 0.5


def _nearest(points: int, pixels: int) -> Tensor:
    """Return the point [pixels] that each pixel shows of a line of points."""
    return torch.arange(pixels) * points // pixels
