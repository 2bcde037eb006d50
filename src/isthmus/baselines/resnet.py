"""Residual networks whose convolutions are given: the wide one of pictures, and that of series."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.errors import InputError
from isthmus.model.embedders.embedder import resize
from isthmus.tasks import Output

MakeConvolution = Callable[[int, int, int, int], nn.Module]
"""(channels before, after, kernel, stride) -> [B, before, *size] to [B, after, *ceil(size / stride)]"""

FIRST = 16
"""Channels of the wide network's first convolution"""

KERNELS = 8, 5, 3
"""Of the three convolutions of a block of series"""


def wide_resnet(
    channels: int,
    output: Output,
    *,
    depth: int = 16,
    widen: int = 4,
    dropout: float = 0.0,
    convolution: MakeConvolution | None = None,
) -> nn.Sequential:
    """WRN-depth-widen (Zagoruyko and Komodakis, BMVC 2016, section 2): [B, C, H, W] -> [B, C', *size].

    A convolution, three groups of (depth - 4) / 6 blocks with 16, 32 and 64 x widen channels, norm, ReLU,
    head. The second and third group halve the picture; for a dense output all keep its size.

    Args:
        channels: C of the input.
        output: one vector, or a field or mask.
        depth: the layers counted, 6 n + 4.
        widen: the factor on the channels.
        dropout: between the two convolutions of a block.
        convolution: makes every 3 x 3 convolution, asked in the order of the forward pass: the first, then
            two for each block. Plain ones by default. Shortcuts have their own, 1 x 1.

    Raises:
        InputError: for a depth that is not 6 n + 4.
    """
    if depth < 10 or depth % 6 != 4:
        raise InputError(f"a wide residual network has a depth of 6 n + 4, such as 16; {depth} is none")
    make = convolution or same_convolution2d
    stride = 1 if output.size else 2
    layers: list[nn.Module] = [make(channels, FIRST, 3, 1)]
    before = FIRST
    for group in range(3):
        after = FIRST * 2**group * widen
        for block in range((depth - 4) // 6):
            first = block == 0 and group > 0
            layers.append(WideBlock(before, after, stride if first else 1, dropout, make))
            before = after
    layers += [nn.BatchNorm2d(before), nn.ReLU()]
    return nn.Sequential(*_started(layers), Head(before, output, nn.Conv2d))


def residual_1d(
    channels: int,
    output: Output,
    *,
    width: int = 64,
    dropout: float = 0.0,
    convolution: MakeConvolution | None = None,
) -> nn.Sequential:
    """The residual network of series (Wang et al., IJCNN 2017, section II.C): [B, C, L] -> [B, C', *size].

    Three blocks of three convolutions with `width`, twice and twice as many channels, at full length.

    Args:
        channels: C of the input.
        output: one vector, or a value for every position.
        width: channels of the first block.
        dropout: before every convolution of a block but its first.
        convolution: makes every convolution, asked in the order of the forward pass: kernels of 8, 5 and 3
            for each block, stride 1. Plain ones by default. Shortcuts have their own, 1 wide.
    """
    make = convolution or same_convolution1d
    widths = [channels, width, 2 * width, 2 * width]
    blocks = [SeriesBlock(before, after, dropout, make) for before, after in pairwise(widths)]
    return nn.Sequential(*_started(blocks), Head(widths[-1], output, nn.Conv1d))


class WideBlock(nn.Module):
    """Norm, ReLU, convolution, twice, beside a shortcut: [B, before, H, W] -> [B, after, H / s, W / s].

    Where the shape changes, the shortcut is a convolution of the input after norm and ReLU.
    """

    def __init__(self, before: int, after: int, stride: int, dropout: float, make: MakeConvolution) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm2d(before), nn.BatchNorm2d(after)])
        self.convolutions = nn.ModuleList([make(before, after, 3, stride), make(after, after, 3, 1)])
        self.dropout = nn.Dropout(dropout)
        changes = before != after or stride != 1
        self.shortcut = nn.Conv2d(before, after, 1, stride, bias=False) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        """[B, before, H, W] -> [B, after, H / s, W / s]"""
        first = F.relu(self.norms[0](x))
        inner = F.relu(self.norms[1](self.convolutions[0](first)))
        past = x if self.shortcut is None else self.shortcut(first)
        output: Tensor = past + self.convolutions[1](self.dropout(inner))
        return output


class SeriesBlock(nn.Module):
    """Three convolutions and norms, with ReLU, beside a normed shortcut: [B, before, L] -> [B, after, L]."""

    def __init__(self, before: int, after: int, dropout: float, make: MakeConvolution) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, kernel in enumerate(KERNELS):
            layers += [nn.ReLU(), nn.Dropout(dropout)] if number else []
            layers += [make(after if number else before, after, kernel, 1), nn.BatchNorm1d(after)]
        self.layers = nn.Sequential(*layers)
        through = nn.Identity() if before == after else nn.Conv1d(before, after, 1)
        self.shortcut = nn.Sequential(through, nn.BatchNorm1d(after))

    def forward(self, x: Tensor) -> Tensor:
        """[B, before, L] -> [B, after, L]"""
        return F.relu(self.layers(x) + self.shortcut(x))


class Head(nn.Module):
    """A linear layer: on the mean over positions for one vector; at each of them, resampled, for a field."""

    def __init__(self, width: int, output: Output, pointwise: type[nn.Conv1d] | type[nn.Conv2d]) -> None:
        super().__init__()
        self.output = output
        last = pointwise(width, output.channels, 1) if output.size else nn.Linear(width, output.channels)
        self.linear: nn.Module = last

    def forward(self, features: Tensor) -> Tensor:
        """[B, F, *positions] -> [B, C', *size]"""
        if self.output.size:
            return resize(self.linear(features), self.output.size)
        vector: Tensor = self.linear(features.flatten(2).mean(2))
        return vector


def same_convolution1d(before: int, after: int, kernel: int, stride: int) -> nn.Module:
    """[B, before, L] -> [B, after, ceil(L / stride)], with a bias."""
    ends = nn.ConstantPad1d(((kernel - 1) // 2, kernel // 2), 0.0)
    return nn.Sequential(ends, nn.Conv1d(before, after, kernel, stride))


def same_convolution2d(before: int, after: int, kernel: int, stride: int) -> nn.Module:
    """[B, before, H, W] -> [B, after, ceil(H / stride), ceil(W / stride)], for an odd kernel; no bias."""
    return nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)


def _started(layers: Sequence[nn.Module]) -> Sequence[nn.Module]:
    """He's start for convolutions, zero for their biases."""
    for module in nn.Sequential(*layers).modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return layers
