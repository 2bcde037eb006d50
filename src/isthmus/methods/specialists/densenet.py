"""DenseNet-BC: every layer has the outputs of all earlier layers of its block as input."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.options import check_at_least, check_dropout
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec

BLOCKS = 3
BOTTLENECK = 4
"""Features of a layer's 1 x 1 convolution, over the growth."""


@methods.register("densenet")
class DenseNetMethod(Specialist):
    """DenseNet-BC (Huang et al., CVPR 2017): row Hand-designed of PaRe's Table 1, CIFAR-100.

    Depth and growth are as in NAS-Bench-360's code; the paper's own are 100 and 12 (0.8 million parameters),
    250 and 24 (15.3), 190 and 40 (25.6). What differs: optimiser and epochs are the run's (published: SGD
    with Nesterov's momentum 0.9, 0.1, a tenth of it from half and again from three quarters of 300 epochs
    on, weight decay 1e-4; the benchmark also blanks out a random square of each picture); the last
    row and column of an odd side are pooled alone instead of being left out.

    Args:
        depth: Number of layers, 6 n + 4.
        growth: Features that each layer adds.
        dropout: Dropout rate after every convolution of a dense block (published: 0.2 without augmentation).
    """

    references = (
        "G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger (2017), Densely connected "
        "convolutional networks, CVPR",
    )

    requirement = "pictures with one answer each"

    def __init__(self, *, depth: int = 100, growth: int = 24, dropout: float = 0.0) -> None:
        if depth < 10 or depth % 6 != 4:
            raise InputError(
                f"densenet's depth is {depth}; 6 n + 4 are right: 10, 16, 22 ...", key="method.depth"
            )
        check_at_least(1, "densenet", growth=growth)
        check_dropout("densenet", dropout)
        self.depth, self.growth, self.dropout = depth, growth, dropout

    def supports(self, spec: Spec) -> bool:
        """Return whether the task maps [C, H, W] to one vector [C']."""
        return len(spec.input_shape) == 3 and not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, H, W] -> [B, C']."""
        layers = (self.depth - 4) // (2 * BLOCKS)
        return DenseNet(spec.input_shape[0], spec.output_channels, layers, self.growth, self.dropout)


class DenseNet(nn.Sequential):
    """The network: [B, C, H, W] -> [B, C'].

    Args:
        channels: Channels C of the input.
        output_channels: Channels C' of the output.
        layers: Number of layers in each of the three blocks; a layer has two convolutions.
        growth: Features that each layer adds.
        dropout: Dropout rate after every convolution of a block.
    """

    def __init__(self, channels: int, output_channels: int, layers: int, growth: int, dropout: float) -> None:
        width = 2 * growth
        parts: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
        for block in range(BLOCKS):
            if block:
                parts.append(_transition(width, width // 2))
                width //= 2
            parts += [_Layer(width + i * growth, growth, dropout) for i in range(layers)]
            width += layers * growth
        parts += [nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(*parts, nn.Linear(width, output_channels))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)


class _Layer(nn.Module):
    """A layer of a dense block: [B, C, H, W] -> [B, C + growth, H, W]."""

    def __init__(self, before: int, growth: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.narrow = _convolution(before, BOTTLENECK * growth, 1)
        self.grow = _convolution(BOTTLENECK * growth, growth, 3)

    def forward(self, x: Tensor) -> Tensor:
        new = F.dropout(self.narrow(x), self.dropout, self.training)
        return torch.cat([x, F.dropout(self.grow(new), self.dropout, self.training)], 1)


def _convolution(before: int, after: int, kernel: int) -> nn.Sequential:
    """Make a norm, ReLU and convolution: [B, before, H, W] -> [B, after, H, W]."""
    convolution = nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(nn.BatchNorm2d(before), nn.ReLU(), convolution)


def _transition(before: int, after: int) -> nn.Sequential:
    """Make what lies between two blocks: [B, before, H, W] -> [B, after, ceil(H / 2), ceil(W / 2)]."""
    return nn.Sequential(_convolution(before, after, 1), nn.AvgPool2d(2, ceil_mode=True))
