"""The cells of DARTS (graphs of operations between states), and networks that stack them."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.methods.specialists.resnet import Head
from isthmus.model.base import Spec
from isthmus.registry import Registry

NODES = 4
"""Number of nodes in a cell. Node i can use 2 + i states; the first two are outputs of other cells."""

STEM_FACTOR = 3
"""Channels of the convolution before the first cell, over the width of that cell."""

Edges = list[list[tuple[int, nn.Module]]]
"""For every node of a cell its inputs: the number of a state, and the module that is applied to it."""


class LayerTypes(NamedTuple):
    """Types of layers that operations are made of, in one or two dimensions."""

    convolution: Any
    norm: Any
    max_pool: Any
    mean_pool: Any


LAYER_TYPES = {
    1: LayerTypes(nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d, nn.AvgPool1d),
    2: LayerTypes(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d),
}
"""Layer types by the number of dimensions."""

operations: Registry[Callable[[LayerTypes, int, int], nn.Module]] = Registry("operation of a cell")
"""Functions from (layers, width, stride) to a module.

The module maps [B, width, *size] to [B, width, *ceil(size / stride)].
"""


@operations.register("skip")
def skip(layers: LayerTypes, width: int, stride: int) -> nn.Module:
    """Make the identity, or a `FactorizedReduce` where the size is halved."""
    return nn.Identity() if stride == 1 else FactorizedReduce(layers, width, width)


@operations.register("max_pool_3")
def max_pool_3(layers: LayerTypes, width: int, stride: int) -> nn.Module:
    """Make max pooling over three positions, and a norm."""
    return nn.Sequential(layers.max_pool(3, stride, 1), layers.norm(width, affine=False))


@operations.register("mean_pool_3")
def mean_pool_3(layers: LayerTypes, width: int, stride: int) -> nn.Module:
    """Make mean pooling over three positions, and a norm."""
    pool = layers.mean_pool(3, stride, 1, count_include_pad=False)
    return nn.Sequential(pool, layers.norm(width, affine=False))


@operations.register("sep_conv_3")
def sep_conv_3(layers: LayerTypes, width: int, stride: int) -> nn.Module:
    """Make two separable convolutions of kernel size 3."""
    return nn.Sequential(_separable(layers, width, 3, stride), _separable(layers, width, 3))


@operations.register("sep_conv_5")
def sep_conv_5(layers: LayerTypes, width: int, stride: int) -> nn.Module:
    """Make two separable convolutions of kernel size 5."""
    return nn.Sequential(_separable(layers, width, 5, stride), _separable(layers, width, 5))


@operations.register("dil_conv_3")
def dil_conv_3(layers: LayerTypes, width: int, stride: int) -> nn.Module:
    """Make a separable convolution of kernel size 3 and dilation 2."""
    return _separable(layers, width, 3, stride, dilation=2)


@operations.register("dil_conv_5")
def dil_conv_5(layers: LayerTypes, width: int, stride: int) -> nn.Module:
    """Make a separable convolution of kernel size 5 and dilation 2."""
    return _separable(layers, width, 5, stride, dilation=2)


class CellNet(nn.Module):
    """A stem of convolutions, a stack of cells and a head: [B, C, *positions] -> [B, C', *size].

    The cells after a third and after two thirds of the stack halve the size and double the width. For a dense
    output all cells keep the size, and the head resizes to that of the output.

    Args:
        spec: Shapes of input and output.
        layers: Layer types, in one or two dimensions.
        cells: Number of cells.
        width: Width of the first cell.
        positions: Largest number of positions that reach the cells; the stem halves larger inputs as often as
            necessary.
        edges: Function from kind ("normal" or "reduce") and width to the edges of a cell.
    """

    def __init__(
        self,
        spec: Spec,
        layers: LayerTypes,
        cells: int,
        width: int,
        positions: int,
        edges: Callable[[str, int], Edges],
    ) -> None:
        super().__init__()
        before = STEM_FACTOR * width
        self.stem = make_stem(layers, spec.input_shape, before, positions)
        self.cells = nn.ModuleList()
        reducing = set() if spec.output_size else {cells // 3, 2 * cells // 3}
        earlier, halved = before, False
        for number in range(cells):
            kind = "reduce" if number in reducing else "normal"
            width *= 2 if kind == "reduce" else 1
            far = FactorizedReduce(layers, earlier, width) if halved else _pointwise(layers, earlier, width)
            self.cells.append(Cell(far, _pointwise(layers, before, width), edges(kind, width)))
            earlier, before, halved = before, NODES * width, kind == "reduce"
        self.head = Head(before, spec.output, layers.convolution)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, *positions] to [B, C', *size]."""
        far = near = self.stem(x)
        for cell in self.cells:
            far, near = near, cell(far, near)
        output: Tensor = self.head(near)
        return output


class Cell(nn.Module):
    """A cell: the outputs of the two cells before it -> the states of all nodes [B, NODES * width, *size].

    Args:
        far: Module that brings the output of the last cell but one to the cell's width.
        near: Module that brings the output of the last cell to the cell's width.
        edges: Edges into every node; the state of a node is their sum.
    """

    def __init__(self, far: nn.Module, near: nn.Module, edges: Edges) -> None:
        super().__init__()
        self.far, self.near = far, near
        self.inputs = [[state for state, _ in node] for node in edges]
        self.nodes = nn.ModuleList(nn.ModuleList(edge for _, edge in node) for node in edges)

    def forward(self, far: Tensor, near: Tensor) -> Tensor:
        """Map [B, F, *size] and [B, F', *size] to [B, NODES * width, *size]."""
        states = [self.far(far), self.near(near)]
        for inputs, edges in zip(self.inputs, self.nodes, strict=True):
            assert isinstance(edges, nn.ModuleList)
            outputs = [edge(states[state]) for state, edge in zip(inputs, edges, strict=True)]
            states.append(torch.stack(outputs).sum(0))
        return torch.cat(states[2:], 1)


class FactorizedReduce(nn.Module):
    """ReLU, two convolutions of every other position each, and a norm: [B, F, n] -> [B, width, n / 2]."""

    def __init__(self, layers: LayerTypes, before: int, width: int) -> None:
        super().__init__()
        self.even = layers.convolution(before, width // 2, 1, stride=2, bias=False)
        self.odd = layers.convolution(before, width - width // 2, 1, stride=2, bias=False)
        self.norm = layers.norm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, F, *size] to [B, width, *ceil(size / 2)]."""
        x = F.relu(x)
        shifted = F.pad(x, (-1, 1) * (x.dim() - 2))
        output: Tensor = self.norm(torch.cat([self.even(x), self.odd(shifted)], 1))
        return output


def make_stem(layers: LayerTypes, shape: tuple[int, ...], width: int, positions: int) -> nn.Sequential:
    """Make the convolutions before the first cell: [B, *shape] -> [B, width, *size].

    Args:
        layers: Layer types, in one or two dimensions.
        shape: Shape of an input, [C, *size].
        width: Channels of the output.
        positions: Largest number of positions of the output. One convolution suffices for smaller inputs;
            larger ones get as many of stride 2 as necessary.
    """
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
    """Return the stride of an edge from that state; a reducing cell halves the outputs of other cells."""
    return 2 if kind == "reduce" and state < 2 else 1


def _separable(
    layers: LayerTypes, width: int, kernel: int, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.ReLU(),
        layers.convolution(width, width, kernel, stride, padding, dilation, groups=width, bias=False),
        layers.convolution(width, width, 1, bias=False),
        layers.norm(width),
    )


def _pointwise(layers: LayerTypes, before: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), layers.convolution(before, width, 1, bias=False), layers.norm(width))
