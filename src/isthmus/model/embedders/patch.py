"""Tokens by convolution: a patch of the input each, started from the backbone's own patch embedding."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.backbones import Backbone
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
        backbone: to start from.
        input_shape: (C, L) or (C, H, W).
        overlap: width of a patch in strides; 1 means that patches touch.
        tokens: how many, for a text backbone; an image backbone has its own number.
    """

    def __init__(
        self, backbone: Backbone, input_shape: tuple[int, ...], *, overlap: float = 2.0, tokens: int = 64
    ) -> None:
        super().__init__()
        channels, size = input_shape[0], input_shape[1:]
        start = backbone.patch_projection()
        self.layout = _layout(backbone, len(size), tokens)
        native = (1, 1) if start.weight is None else tuple(start.weight.shape[2:])
        self.stride = tuple(
            max(p, math.ceil(s / n)) for p, s, n in zip(native[-len(size) :], size, self.layout, strict=True)
        )
        self.size = tuple(n * s for n, s in zip(self.layout, self.stride, strict=True))
        kernel = tuple(max(s, round(overlap * s)) for s in self.stride)
        self.padding = tuple(_around(k - s) for k, s in zip(kernel, self.stride, strict=True))
        convolution: type[nn.Conv1d] | type[nn.Conv2d] = nn.Conv1d if len(size) == 1 else nn.Conv2d
        self.projection = convolution(channels, backbone.width, kernel, self.stride)  # type: ignore[arg-type]
        self.finish = start.finish(self.tokens)
        if start.weight is not None:
            self._start_from(start.weight, start.bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] or [B, C, H, W] -> [B, N, D]"""
        x = resize(x, self.size)
        around = [edge for pair in reversed(self.padding) for edge in pair]
        tokens = self.projection(F.pad(x, around)).flatten(2).transpose(1, 2)
        finished: Tensor = self.finish(tokens)
        return finished

    @torch.no_grad()
    def _start_from(self, weight: Tensor, bias: Tensor | None) -> None:
        channels = self.projection.in_channels
        repeat = math.ceil(channels / weight.shape[1])
        fitted = weight.repeat(1, repeat, 1, 1)[:, :channels] * (weight.shape[1] / channels)
        if len(self.stride) == 1:
            fitted = _stretch(fitted.sum(2), self.stride)
        else:
            fitted = _stretch(fitted, self.stride)
        around = [edge for pair in reversed(self.padding) for edge in pair]
        self.projection.weight.copy_(F.pad(fitted, around))
        if self.projection.bias is not None:
            self.projection.bias.copy_(torch.zeros(len(weight)) if bias is None else bias)


def _layout(backbone: Backbone, dimensions: int, tokens: int) -> tuple[int, ...]:
    """The grid of tokens: the native one of an image backbone, else as square as `tokens` allows."""
    if backbone.grid is not None:
        return backbone.grid if dimensions == 2 else (math.prod(backbone.grid),)
    tokens = min(tokens, backbone.max_tokens)
    return (tokens,) if dimensions == 1 else (math.isqrt(tokens),) * 2


def _around(extra: int) -> tuple[int, int]:
    return extra // 2, extra - extra // 2


def _stretch(weight: Tensor, size: tuple[int, ...]) -> Tensor:
    """Resample kernels [D, C, *k] to `size` so that the response to a constant stays."""
    if tuple(weight.shape[2:]) == size:
        return weight
    return resize(weight, size) * (math.prod(weight.shape[2:]) / math.prod(size))
