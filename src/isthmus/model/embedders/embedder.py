"""What a target embedder is."""

import math
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.backbones import Backbone
from isthmus.tasks import Task


class Embedder(nn.Module):
    """Target embedder f_t: standardised input [B, C, L] or [B, C, H, W] to tokens [B, N, D].

    A subclass takes the backbone it starts from, the input shape (C, L) or (C, H, W), and its own
    options as keywords; the keywords' names, types and defaults are what users can set. It keeps
    no reference to the backbone.

    Attributes:
        layout: Grid of the tokens, (N,) for a series or (rows, columns) for a picture; tokens are in
            raster order.
        views: Number of ways in which it shows a sample.
        reads_units: Whether it takes samples in the user's units, and not standardised ones.
    """

    layout: tuple[int, ...]
    views: int = 1
    reads_units: ClassVar[bool] = False

    @classmethod
    def fitted(cls, options: dict[str, Any], backbone: Backbone, task: Task) -> dict[str, Any]:
        """Return its options with what is known from the training samples of a task alone.

        Raises:
            InputError: If it cannot embed them.
        """
        return options

    @classmethod
    def choices(cls, modality: str, input_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return the options, each a set, that `embedder: auto` tries for a modality and shape of samples."""
        return []

    @property
    def tokens(self) -> int:
        """Number N of tokens."""
        return math.prod(self.layout)


def resize(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Resample [B, C, L] or [B, C, H, W] to `size`: linear or bilinear, smoothed when shrinking pictures."""
    if tuple(x.shape[2:]) == size:
        return x
    if len(size) == 1:
        return F.interpolate(x, size, mode="linear", align_corners=False)
    x = x.float()  # on CPU it is not there for half precision
    return F.interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)
