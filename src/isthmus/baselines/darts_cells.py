"""The cells of DARTS: small graphs of operations between states, and networks stacked from them."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.baselines.resnet import Head
from isthmus.model.base import Spec
from isthmus.registry import Registry

NODES = 4
"""Of a cell. Node i takes from some of the 2 + i states before it, the first two of which are other cells'"""

STEM = 3
"""Times the width of the first cell: channels of the convolution before it"""

Edges = list[list[tuple[int, nn.Module]]]
"""For every node of a cell the states it takes, and what each of them passes through"""


class Layers(NamedTuple):
    """What operations are made of, on a line or on a grid."""

    convolution: Any
    norm: Any
    max_pool: Any
    mean_pool: Any


LAYERS = {
    1: Layers(nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d, nn.AvgPool1d),
    2: Layers(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d),
}
"""By the number of dimensions"""

operations: Registry[Callable[[Layers, int, int], nn.Module]] = Registry("operation of a cell")
"""(layers, width, stride) -> [B, width, *size] to [B, width, *ceil(size / stride)]"""


@operations.register("skip")
def skip(layers: Layers, width: int, stride: int) -> nn.Module:
    """Nothing; where it must halve the size, two convolutions of which each sees every other position."""
    return nn.Identity() if stride == 1 else Halving(layers, width, width)


@operations.register("max_pool_3")
def max_pool_3(layers: Layers, width: int, stride: int) -> nn.Module:
    """The largest of three, normed."""
    return nn.Sequential(layers.max_pool(3, stride, 1), layers.norm(width, affine=False))


@operations.register("mean_pool_3")
def mean_pool_3(layers: Layers, width: int, stride: int) -> nn.Module:
    """The mean of three, normed."""
    pool = layers.mean_pool(3, stride, 1, count_include_pad=False)
    return nn.Sequential(pool, layers.norm(width, affine=False))


@operations.register("sep_conv_3")
def sep_conv_3(layers: Layers, width: int, stride: int) -> nn.Module:
    """Twice a separable convolution of three."""
    return nn.Sequential(_separable(layers, width, 3, stride), _separable(layers, width, 3))


@operations.register("sep_conv_5")
def sep_conv_5(layers: Layers, width: int, stride: int) -> nn.Module:
    """Twice a separable convolution of five."""
    return nn.Sequential(_separable(layers, width, 5, stride), _separable(layers, width, 5))


@operations.register("dil_conv_3")
def dil_conv_3(layers: Layers, width: int, stride: int) -> nn.Module:
    """A separable convolution of every other one of five."""
    return _separable(layers, width, 3, stride, dilation=2)


@operations.register("dil_conv_5")
def dil_conv_5(layers: Layers, width: int, stride: int) -> nn.Module:
    """A separable convolution of every other one of nine."""
    return _separable(layers, width, 5, stride, dilation=2)


class CellNet(nn.Module):
    """Convolutions, cells one after another, a head: [B, C, *positions] -> [B, C', *size].

    After a third and two thirds of the cells comes one that halves the size and doubles the width; for a
    dense output there is none: all cells keep the size, and the head brings it to that of the output.

    Args:
        spec: shapes of input and output.
        layers: on a line or on a grid.
        cells: how many.
        width: of the first cell.
        positions: that reach the cells at most; convolutions halve larger inputs as often as it takes.
        edges: (kind, width) -> those of a cell; the kind is "normal" or "reduce".
    """

    def __init__(
        self,
        spec: Spec,
        layers: Layers,
        cells: int,
        width: int,
        positions: int,
        edges: Callable[[str, int], Edges],
    ) -> None:
        super().__init__()
        before = STEM * width
        self.stem = stem(layers, spec.input_shape, before, positions)
        self.cells = nn.ModuleList()
        reducing = set() if spec.output_size else {cells // 3, 2 * cells // 3}
        earlier, halved = before, False
        for number in range(cells):
            kind = "reduce" if number in reducing else "normal"
            width *= 2 if kind == "reduce" else 1
            far = Halving(layers, earlier, width) if halved else _pointwise(layers, earlier, width)
            self.cells.append(Cell(far, _pointwise(layers, before, width), edges(kind, width)))
            earlier, before, halved = before, NODES * width, kind == "reduce"
        self.head = Head(before, spec.output, layers.convolution)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, *positions] -> [B, C', *size]"""
        far = near = self.stem(x)
        for cell in self.cells:
            far, near = near, cell(far, near)
        output: Tensor = self.head(near)
        return output


class Cell(nn.Module):
    """The outputs of the two cells before -> the states of all nodes: [B, NODES * width, *size].

    Args:
        far, near: what brings the output of the last cell but one, and of the last, to the cell's width.
        edges: of every node, whose state is their sum.
    """

    def __init__(self, far: nn.Module, near: nn.Module, edges: Edges) -> None:
        super().__init__()
        self.far, self.near = far, near
        self.taken = [[state for state, _ in node] for node in edges]
        self.nodes = nn.ModuleList(nn.ModuleList(edge for _, edge in node) for node in edges)

    def forward(self, far: Tensor, near: Tensor) -> Tensor:
        """[B, F, *size], [B, F', *size] -> [B, NODES * width, *size]"""
        states = [self.far(far), self.near(near)]
        for taken, edges in zip(self.taken, self.nodes, strict=True):
            assert isinstance(edges, nn.ModuleList)
            passed = [edge(states[state]) for state, edge in zip(taken, edges, strict=True)]
            states.append(torch.stack(passed).sum(0))
        return torch.cat(states[2:], 1)


class Halving(nn.Module):
    """ReLU, two convolutions that each see every other position, norm: [B, F, n] -> [B, width, n / 2]."""

    def __init__(self, layers: Layers, before: int, width: int) -> None:
        super().__init__()
        self.even = layers.convolution(before, width // 2, 1, stride=2, bias=False)
        self.odd = layers.convolution(before, width - width // 2, 1, stride=2, bias=False)
        self.norm = layers.norm(width)

    def forward(self, x: Tensor) -> Tensor:
        """[B, F, *size] -> [B, width, *ceil(size / 2)]"""
        x = F.relu(x)
        moved = F.pad(x, (-1, 1) * (x.dim() - 2))
        output: Tensor = self.norm(torch.cat([self.even(x), self.odd(moved)], 1))
        return output


def stem(layers: Layers, shape: tuple[int, ...], width: int, positions: int) -> nn.Sequential:
    """[B, *shape] -> [B, width, *size]: a convolution, or as many as halve to so many positions at most."""
    channels, *size = shape
    halvings = 0
    while math.prod(size) > positions:
        size, halvings = [math.ceil(n / 2) for n in size], halvings + 1
    parts: list[nn.Module] = []
    for stride in [2] * halvings or [1]:
        parts += [nn.ReLU()] if parts else []
        parts += [layers.convolution(channels, width, 3, stride, padding=1, bias=False), layers.norm(width)]
        channels = width
    return nn.Sequential(*parts)


def stride_of(kind: str, state: int) -> int:
    """Of an edge from that state: a reducing cell halves what comes from other cells."""
    return 2 if kind == "reduce" and state < 2 else 1


def _separable(layers: Layers, width: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.ReLU(),
        layers.convolution(width, width, kernel, stride, padding, dilation, groups=width, bias=False),
        layers.convolution(width, width, 1, bias=False),
        layers.norm(width),
    )


def _pointwise(layers: Layers, before: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), layers.convolution(before, width, 1, bias=False), layers.norm(width))
