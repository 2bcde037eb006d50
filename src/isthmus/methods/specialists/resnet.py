"""Residual networks with exchangeable convolutions: a wide one for pictures, and one for series."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.errors import InputError
from isthmus.model.embedders.embedder import resize
from isthmus.tasks import Output

MakeConvolution = Callable[[int, int, int, int], nn.Module]
"""Function from (channels before, channels after, kernel size, stride) to a module.

The module maps [B, before, *size] to [B, after, *ceil(size / stride)].
"""

STEM_CHANNELS = 16
"""Channels of the wide network's first convolution."""

KERNELS = 8, 5, 3
"""Kernel sizes of the three convolutions of a block for series."""


def wide_resnet(
    channels: int,
    output: Output,
    *,
    depth: int = 16,
    widen: int = 4,
    dropout: float = 0.0,
    convolution: MakeConvolution | None = None,
) -> nn.Sequential:
    """Build WRN-depth-widen (Zagoruyko and Komodakis, BMVC 2016, section 2): [B, C, H, W] -> [B, C', *size].

    A convolution, three groups of (depth - 4) / 6 blocks with 16, 32 and 64 x widen channels, norm, ReLU,
    head. The second and third group halve the picture; for a dense output all keep its size.

    Args:
        channels: Channels C of the input.
        output: Shape of the output: one vector, or a field or mask.
        depth: Number of layers, 6 n + 4.
        widen: Factor on the channels.
        dropout: Dropout rate between the two convolutions of a block.
        convolution: Function that makes every 3 x 3 convolution, called in the order of the forward pass: the
            first, then two for each block. Plain convolutions by default. Shortcuts have 1 x 1 convolutions
            of their own.

    Raises:
        InputError: If the depth is not 6 n + 4.
    """
    if depth < 10 or depth % 6 != 4:
        raise InputError(
            f"a wide residual network has a depth of 6 n + 4, such as 16; {depth} is none", key="method.depth"
        )
    make = convolution or same_convolution2d
    stride = 1 if output.size else 2
    layers: list[nn.Module] = [make(channels, STEM_CHANNELS, 3, 1)]
    before = STEM_CHANNELS
    for group in range(3):
        after = STEM_CHANNELS * 2**group * widen
        for block in range((depth - 4) // 6):
            first = block == 0 and group > 0
            layers.append(WideBlock(before, after, stride if first else 1, dropout, make))
            before = after
    layers += [nn.BatchNorm2d(before), nn.ReLU()]
    return nn.Sequential(*_initialised(layers), Head(before, output, nn.Conv2d))


def residual_1d(
    channels: int,
    output: Output,
    *,
    width: int = 64,
    dropout: float = 0.0,
    convolution: MakeConvolution | None = None,
) -> nn.Sequential:
    """Build the residual network for series of Wang et al. (IJCNN 2017, II.C): [B, C, L] -> [B, C', *size].

    Three blocks of three convolutions, with 1, 2 and 2 times `width` channels, at full length.

    Args:
        channels: Channels C of the input.
        output: Shape of the output: one vector, or a value for every position.
        width: Channels of the first block.
        dropout: Dropout rate before every convolution of a block but its first.
        convolution: Function that makes every convolution, called in the order of the forward pass: kernel
            sizes 8, 5 and 3 for each block, stride 1. Plain convolutions by default. Shortcuts have
            convolutions of kernel size 1 of their own.
    """
    make = convolution or same_convolution1d
    widths = [channels, width, 2 * width, 2 * width]
    blocks = [SeriesBlock(before, after, dropout, make) for before, after in pairwise(widths)]
    return nn.Sequential(*_initialised(blocks), Head(widths[-1], output, nn.Conv1d))


class WideBlock(nn.Module):
    """Twice norm, ReLU and convolution, with a shortcut: [B, before, H, W] -> [B, after, H / s, W / s].

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
        """Map [B, before, H, W] to [B, after, H / s, W / s]."""
        first = F.relu(self.norms[0](x))
        inner = F.relu(self.norms[1](self.convolutions[0](first)))
        shortcut = x if self.shortcut is None else self.shortcut(first)
        output: Tensor = shortcut + self.convolutions[1](self.dropout(inner))
        return output


class SeriesBlock(nn.Module):
    """Three convolutions, norms and ReLUs, with a normed shortcut: [B, before, L] -> [B, after, L]."""

    def __init__(self, before: int, after: int, dropout: float, make: MakeConvolution) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, kernel in enumerate(KERNELS):
            layers += [nn.ReLU(), nn.Dropout(dropout)] if number else []
            layers += [make(after if number else before, after, kernel, 1), nn.BatchNorm1d(after)]
        self.layers = nn.Sequential(*layers)
        projection = nn.Identity() if before == after else nn.Conv1d(before, after, 1)
        self.shortcut = nn.Sequential(projection, nn.BatchNorm1d(after))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, before, L] to [B, after, L]."""
        return F.relu(self.layers(x) + self.shortcut(x))


class Head(nn.Module):
    """A linear layer, on the mean over positions for one vector, on each position and resized for a field.

    Args:
        width: Channels of the features, F.
        output: Shape of the output.
        pointwise: Type of the convolution for a field.
    """

    def __init__(self, width: int, output: Output, pointwise: type[nn.Conv1d] | type[nn.Conv2d]) -> None:
        super().__init__()
        self.output = output
        last = pointwise(width, output.channels, 1) if output.size else nn.Linear(width, output.channels)
        self.linear: nn.Module = last

    def forward(self, features: Tensor) -> Tensor:
        """Map [B, F, *positions] to [B, C', *size]."""
        if self.output.size:
            return resize(self.linear(features), self.output.size)
        vector: Tensor = self.linear(features.flatten(2).mean(2))
        return vector


def same_convolution1d(before: int, after: int, kernel: int, stride: int) -> nn.Module:
    """Make a convolution [B, before, L] -> [B, after, ceil(L / stride)], with a bias."""
    padding = nn.ConstantPad1d(((kernel - 1) // 2, kernel // 2), 0.0)
    return nn.Sequential(padding, nn.Conv1d(before, after, kernel, stride))


def same_convolution2d(before: int, after: int, kernel: int, stride: int) -> nn.Module:
    """Make a convolution [B, before, H, W] -> [B, after, ceil(H / stride), ceil(W / stride)] without a bias.

    The kernel size must be odd.
    """
    return nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)


def _initialised(layers: Sequence[nn.Module]) -> Sequence[nn.Module]:
    """Initialise convolutions as by He et al., and their biases to zero."""
    for module in nn.Sequential(*layers).modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return layers
