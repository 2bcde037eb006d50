"""The embedder `rise`: patches of how much a series rises from one point to the next."""

from torch import Tensor

from isthmus.model import embedders
from isthmus.model.embedders.patch import PatchEmbedder


@embedders.register("rise")
class RiseEmbedder(PatchEmbedder):
    """Embed the rise of a series, or of the rows of a picture, as `patch` embeds values."""

    def forward(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, ..., L] as tokens [B, N, D]."""
        return super().forward(x.diff(dim=-1, prepend=x[..., :1]))
