"""Tokens by convolution, one for each patch of the input, started from the backbone's own embedding."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.backbones import Backbone, Projection
from isthmus.errors import InputError
from isthmus.model.embedders.embedder import Embedder, resize
from isthmus.model.embedders.registry import embedders


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
        own = backbone.image_size if len(size) == 2 else None
        axes = [
            Axis.of(start, axis, size[axis], self.layout[axis], overlap, own and own[axis])
            for axis in range(-len(size), 0)
        ]
        self.stride = tuple(axis.stride for axis in axes)
        self.size = tuple(axis.size for axis in axes)
        kernel = tuple(axis.kernel for axis in axes)
        self.padding = [edge for axis in reversed(axes) for edge in axis.padding]  # as F.pad takes it
        convolution: type[nn.Conv1d] | type[nn.Conv2d] = nn.Conv1d if len(size) == 1 else nn.Conv2d
        self.projection = convolution(channels, backbone.width, kernel, self.stride)  # type: ignore[arg-type]
        self.finish = PositionsAndNorm(start, math.prod(self.layout))
        if start.weight is not None:
            self._start_from(start.weight, start.bias, axes)

    def forward(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, L] or [B, C, H, W] as tokens [B, N, D]."""
        x = F.pad(resize(x, self.size), self.padding)
        tokens = self.projection(x).flatten(2).transpose(1, 2)
        finished: Tensor = self.finish(tokens)
        return finished

    @torch.no_grad()
    def _start_from(self, weight: Tensor, bias: Tensor | None, axes: Sequence["Axis"]) -> None:
        """Copy a kernel [D, C', kh, kw], fitted to channels and patches, and its bias [D]."""
        channels = self.projection.in_channels
        repeat = math.ceil(channels / weight.shape[1])
        fitted = weight.repeat(1, repeat, 1, 1)[:, :channels] * (weight.shape[1] / channels)
        if len(self.stride) == 1:
            fitted = fitted.sum(2)
        native, wanted = tuple(fitted.shape[2:]), tuple(axis.fitted for axis in axes)
        if native != wanted:  # the response to a constant stays
            fitted = resize(fitted, wanted) * (math.prod(native) / math.prod(wanted))
        zeros = [edge for axis in reversed(axes) for edge in axis.zeros]
        self.projection.weight.copy_(F.pad(fitted, zeros))
        if self.projection.bias is not None:
            self.projection.bias.copy_(torch.zeros(len(weight)) if bias is None else bias)


@dataclass(frozen=True)
class Axis:
    """A kernel along one axis: the backbone's own, enlarged as its stride is, with zeros around it.

    Attributes:
        size: Points that the input is resized to.
        stride: Points from one patch to the next.
        fitted: Points of the backbone's own kernel, enlarged.
        zeros: Zeros before and after it.
        padding: Zeros before and after the input; a negative number cuts off what no patch reads.
    """

    size: int
    stride: int
    fitted: int
    zeros: tuple[int, int]
    padding: tuple[int, int]

    @property
    def kernel(self) -> int:
        """Points of the whole kernel."""
        return self.fitted + sum(self.zeros)

    @classmethod
    def of(
        cls, start: Projection, axis: int, points: int, tokens: int, overlap: float, native: int | None = None
    ) -> "Axis":
        """Fit the backbone's own kernel to an input.

        Args:
            start: Backbone's own embedding.
            axis: Axis of a picture, -2 for rows or -1 for columns, which is that of a series.
            points: Points of the input.
            tokens: Tokens along the axis.
            overlap: Width of a patch in strides.
            native: Points of the backbone's own input; None for as many as its patches have side by side.
        """
        own = 1 if start.weight is None else start.weight.shape[axis]
        step = own if start.stride is None else start.stride[axis]
        leading = start.padding[0 if axis == -1 else 2]
        native = native or tokens * step
        stride = step if points <= native else max(step, math.ceil(points / tokens))
        size = native if stride == step else tokens * stride
        fitted, before = round(own * stride / step), round(leading * stride / step)
        kernel = max(fitted, round(overlap * stride))
        first = max(before, (kernel - stride) // 2) if kernel > fitted else before
        zeros = (first - before, kernel - fitted - (first - before))
        return cls(size, stride, fitted, zeros, (first, (tokens - 1) * stride + kernel - first - size))


class PositionsAndNorm(nn.Module):
    """What a backbone does after its convolution: an activation, positions and a norm, each or none.

    Positions and norm are copies that learn.

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
        self.activation = start.activation
        self.norm = None if start.norm is None else copy.deepcopy(start.norm).requires_grad_(True)

    def forward(self, tokens: Tensor) -> Tensor:
        """Apply the activation, add positions and apply the norm: [B, L, D] to [B, L, D]."""
        if self.activation is not None:
            tokens = self.activation(tokens)
        if self.positions is not None:
            tokens = tokens + self.positions
        if self.norm is not None:
            tokens = self.norm(tokens)
        if self.positions_after_norm is not None:
            tokens = tokens + self.positions_after_norm
        return tokens
