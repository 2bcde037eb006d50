"""From features to outputs: h_t and h_s."""

import math

from torch import Tensor, nn

from isthmus.backbones import Backbone
from isthmus.errors import InputError
from isthmus.model.embedders.embedder import resize
from isthmus.tasks import Output


class PooledPredictor(nn.Linear):
    """One vector per sample: mean over the tokens, then a linear layer (class logits, numbers)."""

    def forward(self, features: Tensor) -> Tensor:
        """[B, L', F] -> [B, channels]"""
        return super().forward(features.mean(1))


class DensePredictor(nn.Module):
    """A value for every position: each feature token becomes the patch of output it stands for.

    A linear layer gives the values of the patch; where the backbone merged tokens, the patch covers
    the tokens that were merged (sub-pixel convolution, Shi et al., CVPR 2016). The whole is then
    resampled to the output's size.

    Args:
        backbone: whose features are read.
        layout: of the tokens, (N,) or (rows, columns).
        output: channels C' and size.
    """

    def __init__(self, backbone: Backbone, layout: tuple[int, ...], output: Output) -> None:
        super().__init__()
        if len(layout) != len(output.size):
            raise InputError(
                f"an output of size {list(output.size)} has {len(output.size)} dimensions and the tokens have"
                f" {len(layout)}; a field or a mask needs an input of as many, and the embedder 'patch'"
            )
        self.grid, self.merged = backbone.grid, backbone.reduction
        self.layout, self.output = layout, output
        self.patch = tuple(math.ceil(s / n) for s, n in zip(output.size, layout, strict=True))
        self.linear = nn.Linear(
            backbone.feature_width, self.merged**2 * output.channels * math.prod(self.patch)
        )

    def forward(self, features: Tensor) -> Tensor:
        """[B, L', F] -> [B, C', *size]"""
        values = self._unmerge(self.linear(features))  # [B, N, C' * patch]
        batch, channels = len(values), self.output.channels
        if len(self.layout) == 1:
            values = values.view(batch, *self.layout, channels, *self.patch)
            field = values.permute(0, 2, 1, 3).flatten(2)
        else:
            values = values.view(batch, *self.layout, channels, *self.patch)
            field = values.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
        return resize(field, self.output.size)

    def _unmerge(self, values: Tensor) -> Tensor:
        """[B, L', merged^2 * Q] -> [B, N, Q] in raster order."""
        if self.merged == 1:
            return values
        assert self.grid is not None  # only image backbones merge tokens
        rows, columns = (n // self.merged for n in self.grid)
        values = values.view(len(values), rows, columns, self.merged, self.merged, -1)
        return values.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(1, 3)


def predictor(backbone: Backbone, layout: tuple[int, ...], output: Output) -> nn.Module:
    """The predictor for an output: pooled for one vector per sample, dense for a field or a mask.

    A dense output has as many dimensions as the input: positions of the one are positions of the other.
    """
    if not output.size:
        return PooledPredictor(backbone.feature_width, output.channels)
    return DensePredictor(backbone, layout, output)
