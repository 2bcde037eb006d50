"""Tokens of a series as PaRe's and ORCA's code makes them: normalised, then placed."""

from torch import nn

from isthmus.backbones import Backbone
from isthmus.model.embedders.patch import PatchEmbedder
from isthmus.model.embedders.registry import embedders


@embedders.register("norm-first")
class NormFirstEmbedder(PatchEmbedder):
    """Embed patches as `patch` does, with positions added after the norm and not before it.

    A text backbone's own embedding is norm(word + positions). The published target embedders copy its norm
    and its positions, and compute norm(convolve(x)) + positions. Backbones without positions or without a
    norm are embedded as by `patch`.

    Args:
        backbone: Backbone to start from.
        input_shape: Shape (C, L) or (C, H, W) of a sample.
        overlap: Width of a patch in strides; 1 means that patches touch.
        tokens: Number of tokens of a text backbone; an image backbone has its own number.
    """

    def __init__(
        self, backbone: Backbone, input_shape: tuple[int, ...], *, overlap: float = 1.0, tokens: int = 64
    ) -> None:
        super().__init__(backbone, input_shape, overlap=overlap, tokens=tokens)
        positions = self.finish.positions
        if self.finish.norm is not None and positions is not None:
            assert self.finish.positions_after_norm is None
            self.finish.positions, self.finish.positions_after_norm = None, nn.Parameter(positions.data)
