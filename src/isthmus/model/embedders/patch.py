"""Tokens by convolution, one for each patch of the input, started from the backbone's own embedding."""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.backbones import Backbone, Projection
from isthmus.errors import InputError
from isthmus.model.embedders.embedder import Embedder, embedders, resize


@embedders.register("patch")
class PatchEmbedder(Embedder):
    """Resize to the size whose patches fill the backbone's tokens; convolve; norm and positions.

    The convolution starts as the backbone's own, made to fit: its channels repeated (and scaled,
    so that the response to equal channels stays), its kernel resampled to the patch size, summed
    over the rows for a series (a series is then seen as an image with equal rows), and surrounded
    by zeros where patches overlap. A text backbone has no convolution to start from, so it starts
    random. Norm and positions are copied (PaRe, section 3.1; ORCA, section 3.1).

    Args:
        backbone: Backbone to start from.
        input_shape: Shape (C, L) or (C, H, W) of a sample.
        overlap: Width of a patch in strides; 1 means that patches touch.
        tokens: Number of tokens of a text backbone; an image backbone has its own number.
    """

    def __init__(
        self, backbone: Backbone, input_shape: tuple[int, ...], *, overlap: float = 2.0, tokens: int = 64
    ) -> None:
        super().__init__()
        channels, size = input_shape[0], input_shape[1:]
        start = backbone.patch_projection()
        if backbone.grid is not None:  # tokens fill the native grid of an image backbone
            self.layout = backbone.grid if len(size) == 2 else (math.prod(backbone.grid),)
        else:
            tokens = min(tokens, backbone.max_tokens)
            self.layout = (tokens,) if len(size) == 1 else (math.isqrt(tokens),) * 2
        native = (1, 1) if start.weight is None else tuple(start.weight.shape[2:])
        self.stride = tuple(
            max(p, math.ceil(s / n)) for p, s, n in zip(native[-len(size) :], size, self.layout, strict=True)
        )
        self.size = tuple(n * s for n, s in zip(self.layout, self.stride, strict=True))
        kernel = tuple(max(s, round(overlap * s)) for s in self.stride)
        extra = [k - s for k, s in zip(kernel, self.stride, strict=True)]
        self.padding = [edge for e in reversed(extra) for edge in (e // 2, e - e // 2)]  # as F.pad takes it
        convolution: type[nn.Conv1d] | type[nn.Conv2d] = nn.Conv1d if len(size) == 1 else nn.Conv2d
        self.projection = convolution(channels, backbone.width, kernel, self.stride)  # type: ignore[arg-type]
        self.finish = PositionsAndNorm(start, math.prod(self.layout))
        if start.weight is not None:
            self._start_from(start.weight, start.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, L] or [B, C, H, W] as tokens [B, N, D]."""
        x = F.pad(resize(x, self.size), self.padding)
        tokens = self.projection(x).flatten(2).transpose(1, 2)
        finished: Tensor = self.finish(tokens)
        return finished

    @torch.no_grad()
    def _start_from(self, weight: Tensor, bias: Tensor | None) -> None:
        """Copy a kernel [D, C', kh, kw], fitted to channels and patches, and its bias [D]."""
        channels = self.projection.in_channels
        repeat = math.ceil(channels / weight.shape[1])
        fitted = weight.repeat(1, repeat, 1, 1)[:, :channels] * (weight.shape[1] / channels)
        if len(self.stride) == 1:
            fitted = fitted.sum(2)
        native = tuple(fitted.shape[2:])
        if native != self.stride:  # the response to a constant stays
            fitted = resize(fitted, self.stride) * (math.prod(native) / math.prod(self.stride))
        self.projection.weight.copy_(F.pad(fitted, self.padding))
        if self.projection.bias is not None:
            self.projection.bias.copy_(torch.zeros(len(weight)) if bias is None else bias)


class PositionsAndNorm(nn.Module):
    """What a backbone does after its convolution: positions and a norm, each or none, as copies that learn.

    Args:
        start: Backbone's own embedding.
        length: Number L of tokens.

    Raises:
        InputError: If there are positions, but fewer than `length`.
    """

    positions: nn.Parameter | None
    positions_after_norm: nn.Parameter | None

    def __init__(self, start: Projection, length: int) -> None:
        super().__init__()
        for name, positions in (
            ("positions", start.positions),
            ("positions_after_norm", start.positions_after_norm),
        ):
            if positions is not None and length > len(positions):
                raise InputError(
                    f"{length} tokens are more than the backbone's {len(positions)} positions", key="tokens"
                )
            setattr(self, name, None if positions is None else nn.Parameter(positions[:length].clone()))
        self.norm = None if start.norm is None else copy.deepcopy(start.norm).requires_grad_(True)

    def forward(self, tokens: Tensor) -> Tensor:
        """Add positions and apply the norm: [B, L, D] to [B, L, D]."""
        if self.positions is not None:
            tokens = tokens + self.positions
        if self.norm is not None:
            tokens = self.norm(tokens)
        if self.positions_after_norm is not None:
            tokens = tokens + self.positions_after_norm
        return tokens
