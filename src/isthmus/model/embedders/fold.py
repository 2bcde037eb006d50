"""Tokens of a folded series: its segments as the rows of a heat map, for an image backbone's own embedding."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from isthmus.backbones import Backbone
from isthmus.errors import InputError
from isthmus.model.embedders.drawn import FLAT, Channels, DrawnEmbedder, Scale
from isthmus.model.embedders.embedder import embedders

LEAST_SEGMENT, LEAST_LENGTH = 4, 8


@embedders.register("fold")
class FoldEmbedder(DrawnEmbedder):
    """Cut every channel of a series into overlapping segments, the rows of a heat map; embed as the backbone does.

    What repeats at the length of a row becomes a vertical pattern, what changes slowly a horizontal one. It is built
    after an idea of TiViT (2025), from memory; it was not compared with that paper's code.

    Args:
        backbone: Image backbone to start from.
        input_shape: Shape (C, L) of a sample.
        channels: How several channels share a picture: in panels `side-by-side`, on top of one another
            (`average`), or as red, green and blue (`colours`).
        scale: What a shade stands for: deviations of the training data (`data`), or of each channel of each sample
            by itself (`sample`).
        reach: Standard deviations from the mean to black and to white.
        segment: Points in a row; None for the root of the series' length.
        step: Points from the start of a row to that of the next; None for a quarter of a row.

    Raises:
        InputError: If the backbone reads text, samples are no series, or a series is too short to be folded.
    """

    name = "fold"

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
        super().__init__(backbone, input_shape, channels)
        if len(input_shape) != 2:
            raise InputError(
                f"the embedder 'fold' folds series [C, L]; these samples are {list(input_shape)}: use 'picture'",
                kind="conflict",
                key="embedder",
            )
        length = input_shape[1]
        if length < LEAST_LENGTH:
            raise InputError(
                f"a series of {length} points is too short to be folded; {LEAST_LENGTH} or more are needed: use"
                " 'picture'",
                kind="conflict",
                key="embedder",
            )
        self.segment = segment or max(LEAST_SEGMENT, math.isqrt(length))
        self.step = step or max(1, self.segment // 4)
        for name, value in (("segment", self.segment), ("step", self.step)):
            if not 1 <= value <= length:
                raise InputError(
                    f"fold's {name} is {value}; of series of {length} points it is 1 to {length}",
                    key=f"embedder.{name}",
                )
        self.reach, self.by_sample = reach, scale == "sample"

    @classmethod
    def choices(cls, modality: str, input_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return both scales for a series that is long enough, and each way to share a picture."""
        if modality != "image" or len(input_shape) != 2 or input_shape[1] < LEAST_LENGTH:
            return []
        shared = ("side-by-side", "colours") if input_shape[0] > 1 else ("side-by-side",)
        return [{"scale": scale, "channels": channels} for scale in ("data", "sample") for channels in shared]

    def ink(self, x: Tensor) -> Tensor:
        """Fold series [B, C, L] into heat maps [B, C, rows, columns]."""
        if self.by_sample:
            mean, std = x.mean(-1, keepdim=True), x.std(-1, keepdim=True, correction=0)
            x = (x - mean) / torch.where(std > FLAT, std, torch.ones_like(std))
        shades = (x / self.reach).clamp(-1, 1) / 2 + 0.5
        return F.interpolate(shades.unfold(-1, self.segment, self.step), self.panel, mode="nearest")
