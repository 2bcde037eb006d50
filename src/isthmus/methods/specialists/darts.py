"""GAEA PC-DARTS: a search for cells by gradient descent."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError, unknown
from isthmus.methods import Searching, methods
from isthmus.methods.options import check_at_least
from isthmus.methods.specialists.darts_cells import (
    LAYER_TYPES,
    NODES,
    CellNet,
    Edges,
    LayerTypes,
    operations,
    stride_of,
)
from isthmus.methods.specialists.search import minimize_bilevel
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed, numpy_generator
from isthmus.tasks import Output, Split, Task

Genotype = dict[str, list[list[tuple[str, int]]]]
"""For each kind of cell and each node two pairs: an operation, and the state that is its input."""

CHANNEL_PARTS = 4
"""During the search one channel in so many goes through the operations."""

CELL_KINDS = "normal", "reduce"

WEIGHTS_LR = 0.025
WARMUP = 0.3
"""Fraction of the search in which only the weights are trained, as in PC-DARTS."""


@methods.register("darts")
class Darts(Specialist, Searching):
    """Cells found on the task, then trained: one of the searches behind NAS-Bench-360 in PaRe's Table 1.

    GAEA (Li et al., ICLR 2021) on PC-DARTS (Xu et al., ICLR 2020). During the search, every node of a cell
    takes all states before it, each through a mixture of the eight operations of DARTS (none, skip, max and
    mean pooling, separable convolutions of 3 and 5, dilated ones of 3 and 5), which sees a quarter of the
    channels. The weights of the operations in a mixture, and of the edges into a node, are points of
    simplices that are updated by exponentiated gradient on one half of the training data, in turn with the
    network's weights on the other half. Each node keeps the two edges with the largest product of edge weight
    and operation weight.

    What differs, so that a search takes a minute on one CPU core: few steps, and a higher learning rate of
    the architecture to make up for it; fewer cells; inputs of more than `positions` points are halved before
    the cells, as DARTS does for ImageNet. Series have the same cells in one dimension; dense outputs have
    only normal cells. Pooling is followed by a norm in the found cells too; there is no auxiliary tower, drop
    path or cutout. Published: 50 epochs of search in batches of 256 with learning rates of 0.1, on 8 cells of
    width 16; 600 epochs of training with SGD at 0.025, on 20 cells of width 36.

    Args:
        cells: Number of cells in the network that is trained.
        width: Channels of a node in its first cell.
        search_cells: Number of cells in the network that is searched.
        search_width: Channels of a node in its first cell.
        search_steps: Steps of the weights during the search; after the first 30 %, as in PC-DARTS, each is
            followed by one of the architecture.
        search_lr: Learning rate of the architecture.
        positions: Largest number of input positions that reach the cells.
        genotype: Cells to train; None to search for them.
    """

    references = (
        "L. Li, M. Khodak, M.-F. Balcan, A. Talwalkar (2021), Geometry-aware gradient algorithms "
        "for neural architecture search, ICLR",
        "Y. Xu et al. (2020), PC-DARTS: partial channel connections for memory-efficient "
        "architecture search, ICLR",
        "H. Liu, K. Simonyan, Y. Yang (2019), DARTS: differentiable architecture search, ICLR",
    )

    requirement = "any task with one vector a sample, or a target for every position of the input"

    def __init__(
        self,
        *,
        cells: int = 4,
        width: int = 16,
        search_cells: int = 3,
        search_width: int = 16,
        search_steps: int = 100,
        search_lr: float = 1.0,
        positions: int = 256,
        genotype: Genotype | None = None,
    ) -> None:
        check_at_least(1, "darts", cells=cells, search_steps=search_steps, positions=positions)
        check_at_least(2, "darts", width=width)
        check_at_least(3, "darts", search_cells=search_cells)  # Two of them reduce.
        check_at_least(CHANNEL_PARTS, "darts", search_width=search_width)
        if search_width % CHANNEL_PARTS:
            raise InputError(
                f"darts' search_width is {search_width}; it is a multiple of {CHANNEL_PARTS}",
                key="method.search_width",
            )
        if search_lr <= 0:
            raise InputError(f"darts' search_lr is {search_lr}; it is more than 0", key="method.search_lr")
        if genotype is not None:
            _check(genotype)
        self.cells, self.width, self.positions = cells, width, positions
        self.search_cells, self.search_width = search_cells, search_width
        self.search_steps, self.search_lr = search_steps, search_lr
        self.genotype = genotype

    def supports(self, spec: Spec) -> bool:
        """Return whether the output is one vector, or has the size of the input."""
        return spec.output_size in ((), spec.input_shape[1:])

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network of the found cells: [B, C, *positions] -> [B, C', *size]."""
        genotype = self.genotype or random_genotype(0)
        layers = LAYER_TYPES[len(spec.input_shape) - 1]
        for kind in cell_kinds(spec.output):
            if kind not in genotype:
                raise InputError(
                    f"darts' genotype has no cell '{kind}', and '{spec.task}' needs one",
                    kind="conflict",
                    key="method.genotype",
                )

        def edges(kind: str, width: int) -> Edges:
            return [
                [(state, operations[name](layers, width, stride_of(kind, state))) for name, state in node]
                for node in genotype[kind]
            ]

        return CellNet(spec, layers, self.cells, self.width, self.positions, edges)

    def search(self, task: Task, train: Split, validation: Split | None, config: RunConfig) -> dict[str, Any]:
        """Find the cells, unless they are given."""
        if self.genotype is not None:
            return {}
        net, architecture = self.build(config, task), Architecture(cell_kinds(task.output))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "search"))
            net.body = search_network(
                net.spec, architecture, self.search_cells, self.search_width, self.positions
            )
        minimize_bilevel(
            net,
            lambda loss: architecture.step(loss, self.search_lr),
            task,
            train,
            config,
            steps=self.search_steps,
            warmup=WARMUP,
            lr=WEIGHTS_LR,
        )
        return {"method": {**config.method, "genotype": architecture.genotype()}}


@dataclass
class Node:
    """Architecture weights of a node, over the states before it.

    Attributes:
        operation_weights: [states, 1 + operations], each row a point of the simplex; the first column is that
            of no operation.
        edge_weights: [states], a point of the simplex.
    """

    operation_weights: Tensor
    edge_weights: Tensor


class Architecture:
    """Architecture weights of the nodes of each kind of cell, uniform at the start.

    Args:
        kinds: Kinds of cells to search for.
    """

    def __init__(self, kinds: Iterable[str]) -> None:
        self.nodes = {kind: [_uniform_node(2 + number) for number in range(NODES)] for kind in kinds}

    def step(self, loss: Tensor, lr: float) -> None:
        """Make a step of exponentiated gradient in place: p <- p exp(-lr gradient), rescaled to the sum 1."""
        nodes = [node for nodes in self.nodes.values() for node in nodes]
        points = [point for node in nodes for point in (node.operation_weights, node.edge_weights)]
        with torch.no_grad():
            for point, gradient in zip(points, torch.autograd.grad(loss, points), strict=True):
                point.copy_((point.log() - lr * gradient).softmax(-1))

    def genotype(self) -> Genotype:
        """Return the two strongest edges of each node.

        The strength of an edge is its weight times that of its best operation.
        """
        return {kind: [_strongest_edges(node) for node in nodes] for kind, nodes in self.nodes.items()}


class MixedEdge(nn.Module):
    """All operations on a quarter of the channels; the rest bypass them (PC-DARTS, sections 3.2 and 3.3)."""

    def __init__(self, layers: LayerTypes, width: int, stride: int, node: Node, state: int) -> None:
        super().__init__()
        self.operations = nn.ModuleList(
            make(layers, width // CHANNEL_PARTS, stride) for make in operations.values()
        )
        self.bypass = layers.max_pool(2, ceil_mode=True) if stride == 2 else nn.Identity()
        # The architecture weights are no parameters, since all cells of a kind share them.
        self.node, self.state = node, state

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, F, *size] to [B, F, *ceil(size / stride)], with channels in another order."""
        part = x.shape[1] // CHANNEL_PARTS
        weights = self.node.operation_weights[self.state, 1:]
        outputs = [operation(x[:, :part]) for operation in self.operations]
        mixed = torch.stack(outputs, -1) @ weights.to(x)
        joined = torch.cat([mixed, self.bypass(x[:, part:])], 1)
        grouped = torch.unflatten(joined, 1, (CHANNEL_PARTS, part))
        shuffled = grouped.transpose(1, 2).flatten(1, 2)
        return self.node.edge_weights[self.state] * shuffled


def search_network(spec: Spec, architecture: Architecture, cells: int, width: int, positions: int) -> CellNet:
    """Build the network that is searched: [B, C, *positions] -> [B, C', *size].

    Args:
        spec: Shapes of input and output.
        architecture: Architecture weights that the edges use.
        cells: Number of cells.
        width: Channels of a node in the first cell.
        positions: Largest number of positions that reach the cells.
    """
    layers = LAYER_TYPES[len(spec.input_shape) - 1]
    # A learnable scale would undo the architecture weights.
    layers = layers._replace(norm=partial(layers.norm, affine=False))

    def edges(kind: str, width: int) -> Edges:
        return [
            [
                (state, MixedEdge(layers, width, stride_of(kind, state), node, state))
                for state in range(len(node.edge_weights))
            ]
            for node in architecture.nodes[kind]
        ]

    return CellNet(spec, layers, cells, width, positions, edges)


def cell_kinds(output: Output) -> tuple[str, ...]:
    """Return the kinds of cells in a network for that output."""
    return ("normal",) if output.size else CELL_KINDS


def random_genotype(seed: int) -> Genotype:
    """Draw cells at random: two different states for each node, and operations with equal probability."""
    rng = numpy_generator(seed, "genotype")
    names = list(operations)
    return {
        kind: [
            [(names[rng.integers(len(names))], int(s)) for s in sorted(rng.permutation(2 + number)[:2])]
            for number in range(NODES)
        ]
        for kind in CELL_KINDS
    }


def _uniform_node(states: int) -> Node:
    choices = 1 + len(operations)
    return Node(
        torch.full((states, choices), 1 / choices, requires_grad=True),
        torch.full((states,), 1 / states, requires_grad=True),
    )


def _strongest_edges(node: Node) -> list[tuple[str, int]]:
    strengths, best = (node.edge_weights[:, None] * node.operation_weights[:, 1:]).max(1)
    names = list(operations)
    states = sorted(strengths.argsort(descending=True, stable=True)[:2].tolist())
    return [(names[best[state]], state) for state in states]


def _check(genotype: Genotype) -> None:
    """Raise an InputError if the value is no genotype."""
    for kind, nodes in genotype.items():
        if kind not in CELL_KINDS:
            raise unknown("cell of darts' genotype", kind, CELL_KINDS)
        if len(nodes) != NODES:
            raise InputError(
                f"darts' genotype gives the cell '{kind}' {len(nodes)} nodes; it has {NODES}",
                key="method.genotype",
            )
        for number, node in enumerate(nodes):
            if not node:
                raise InputError(
                    f"darts' genotype takes no state in node {number} of the cell '{kind}'",
                    key="method.genotype",
                )
            for name, state in node:
                operations[name]  # raises the error of an unknown operation
                if not 0 <= state < 2 + number:
                    raise InputError(
                        f"darts' genotype takes state {state} in node {number} of the cell '{kind}';"
                        f" before it are the states 0 to {1 + number}",
                        key="method.genotype",
                    )
