"""GAEA PC-DARTS: cells found by gradient."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from isthmus.baselines.bilevel import alternate
from isthmus.baselines.darts_cells import LAYERS, NODES, CellNet, Edges, Layers, operations, stride_of
from isthmus.baselines.specialist import Specialist
from isthmus.config.schema import RunConfig
from isthmus.errors import InputError, unknown
from isthmus.methods import Searching, methods
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed, numpy_generator
from isthmus.tasks import Output, Split, Task

Genotype = dict[str, list[list[tuple[str, int]]]]
"""For each kind of cell, for each node, two pairs: an operation, and the state that it takes"""

PARTIAL = 4
"""One channel in so many goes through the operations during search"""

KINDS = "normal", "reduce"

WEIGHTS_LR = 0.025
WEIGHTS_ALONE = 0.3


@methods.register("darts")
class Darts(Specialist, Searching):
    """Cells found on the task, then trained: one of the searches behind NAS-Bench-360 in PaRe's Table 1.

    GAEA (Li et al., ICLR 2021) on PC-DARTS (Xu et al., ICLR 2020). While searching, every node of a cell is
    joined to all states before it by a mixture of the eight operations of DARTS (none, skip, pooling by
    maximum and mean, separable convolutions of 3 and 5, dilated ones of 3 and 5), through which a quarter of
    the channels goes. The shares of the mixture, and the strengths of a node's edges, are points of simplices
    that learn by exponentiated gradient on one half of the training data, in turn with the weights on the
    other. Of each node the two edges with the largest strength times share stay.

    What differs, so that a search takes a minute of one core: few steps, and shares that learn faster for it;
    fewer cells; inputs of more than `positions` points are halved before the cells, as DARTS does for
    ImageNet. A series has the same cells on a line; dense outputs have normal cells alone. Pools are normed
    in the found cells too; there is no auxiliary tower, drop path or cutout. Published: 50 epochs of search
    in batches of 256 with rates of 0.1, on 8 cells of width 16; 600 epochs of training with SGD at 0.025,
    on 20 cells of width 36.

    Args:
        cells, width: of the network that is trained: how many cells, and channels of a node in the first.
        search_cells, search_width: of the network that is searched.
        search_steps: of the weights; after the first 30 %, as in PC-DARTS, as many of the shares.
        search_lr: of the shares.
        positions: of the input, that reach the cells at most.
        genotype: the cells; None to search for them.
    """

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
        for name, value, least in (
            ("cells", cells, 1),
            ("width", width, 2),
            ("search_cells", search_cells, 3),  # two of which reduce
            ("search_width", search_width, PARTIAL),
            ("search_steps", search_steps, 1),
            ("positions", positions, 1),
        ):
            if value < least:
                raise InputError(f"darts' {name} is {value}; it is {least} or more")
        if search_width % PARTIAL:
            raise InputError(f"darts' search_width is {search_width}; it is a multiple of {PARTIAL}")
        if search_lr <= 0:
            raise InputError(f"darts' search_lr is {search_lr}; it is more than 0")
        if genotype is not None:
            _check(genotype)
        self.cells, self.width, self.positions = cells, width, positions
        self.search_cells, self.search_width = search_cells, search_width
        self.search_steps, self.search_lr = search_steps, search_lr
        self.genotype = genotype

    def supports(self, spec: Spec) -> bool:
        """One vector, or a dense output of the size of the input."""
        return spec.output_size in ((), spec.input_shape[1:])

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, *positions] -> [B, C', *size]"""
        genotype = self.genotype or random_genotype(0)
        layers = LAYERS[len(spec.input_shape) - 1]
        for kind in kinds(spec.output):
            if kind not in genotype:
                raise InputError(f"darts' genotype has no cell '{kind}', and '{spec.task}' needs one")

        def edges(kind: str, width: int) -> Edges:
            return [
                [(state, operations[name](layers, width, stride_of(kind, state))) for name, state in node]
                for node in genotype[kind]
            ]

        return CellNet(spec, layers, self.cells, self.width, self.positions, edges)

    def search(self, task: Task, train: Split, validation: Split | None, config: RunConfig) -> dict[str, Any]:
        """The cells, unless they are given."""
        if self.genotype is not None:
            return {}
        net, choices = self.build(config, task), Choices(kinds(task.output))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "search"))
            net.body = mixed_net(net.spec, choices, self.search_cells, self.search_width, self.positions)
        for loss in alternate(
            net, task, train, config, steps=self.search_steps, alone=WEIGHTS_ALONE, lr=WEIGHTS_LR
        ):
            choices.descend(loss, self.search_lr)
        return {"method": {**config.method, "genotype": choices.genotype()}}


@dataclass
class Node:
    """What is searched of a node, over the states before it.

    Attributes:
        shares: [states, 1 + operations], each row a point of the simplex; the first is that of no operation.
        strengths: [states], a point of the simplex.
    """

    shares: Tensor
    strengths: Tensor


class Choices:
    """What is searched: the nodes of each kind of cell, nothing preferred at the start."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self.nodes = {kind: [_undecided(2 + number) for number in range(NODES)] for kind in kinds}

    def descend(self, loss: Tensor, lr: float) -> None:
        """A step of exponentiated gradient, in place: p <- p exp(-lr gradient), scaled to the sum 1."""
        points = [p for nodes in self.nodes.values() for node in nodes for p in (node.shares, node.strengths)]
        with torch.no_grad():
            for point, gradient in zip(points, torch.autograd.grad(loss, points), strict=True):
                point.copy_((point.log() - lr * gradient).softmax(-1))

    def genotype(self) -> Genotype:
        """Of each node the two edges with the largest strength times share of their best operation."""
        return {kind: [_strongest(node) for node in nodes] for kind, nodes in self.nodes.items()}


class MixedEdge(nn.Module):
    """All operations on a quarter of the channels, the others past them (PC-DARTS, sections 3.2 and 3.3)."""

    def __init__(self, layers: Layers, width: int, stride: int, node: Node, state: int) -> None:
        super().__init__()
        self.operations = nn.ModuleList(
            make(layers, width // PARTIAL, stride) for make in operations.values()
        )
        self.past = layers.max_pool(2, ceil_mode=True) if stride == 2 else nn.Identity()
        self.node, self.state = node, state  # not of this module: other cells of the kind have the same

    def forward(self, x: Tensor) -> Tensor:
        """[B, F, *size] -> [B, F, *ceil(size / stride)], channels in another order"""
        part = x.shape[1] // PARTIAL
        shares = self.node.shares[self.state, 1:]
        through = [operation(x[:, :part]) for operation in self.operations]
        mixed = torch.stack(through, -1) @ shares.to(x)
        joined = torch.cat([mixed, self.past(x[:, part:])], 1)
        shuffled = joined.unflatten(1, (PARTIAL, part)).transpose(1, 2).flatten(1, 2)
        return self.node.strengths[self.state] * shuffled


def mixed_net(spec: Spec, choices: Choices, cells: int, width: int, positions: int) -> CellNet:
    """The network that is searched: [B, C, *positions] -> [B, C', *size]."""
    layers = LAYERS[len(spec.input_shape) - 1]
    layers = layers._replace(norm=partial(layers.norm, affine=False))  # a scale would undo the shares

    def edges(kind: str, width: int) -> Edges:
        return [
            [(s, MixedEdge(layers, width, stride_of(kind, s), node, s)) for s in range(len(node.strengths))]
            for node in choices.nodes[kind]
        ]

    return CellNet(spec, layers, cells, width, positions, edges)


def kinds(output: Output) -> tuple[str, ...]:
    """Of the cells that a network for that output has."""
    return ("normal",) if output.size else KINDS


def random_genotype(seed: int) -> Genotype:
    """Cells drawn at random: of each node two different states, through operations that are all as likely."""
    rng = numpy_generator(seed, "genotype")
    names = list(operations)
    return {
        kind: [
            [(names[rng.integers(len(names))], int(s)) for s in sorted(rng.permutation(2 + number)[:2])]
            for number in range(NODES)
        ]
        for kind in KINDS
    }


def _undecided(states: int) -> Node:
    choices = 1 + len(operations)
    return Node(
        torch.full((states, choices), 1 / choices, requires_grad=True),
        torch.full((states,), 1 / states, requires_grad=True),
    )


def _strongest(node: Node) -> list[tuple[str, int]]:
    best, which = (node.strengths[:, None] * node.shares[:, 1:]).max(1)
    names, states = list(operations), sorted(best.argsort(descending=True, stable=True)[:2].tolist())
    return [(names[which[state]], state) for state in states]


def _check(genotype: Genotype) -> None:
    """Raises InputError for what is no genotype."""
    for kind, nodes in genotype.items():
        if kind not in KINDS:
            raise unknown("cell of darts' genotype", kind, KINDS)
        if len(nodes) != NODES:
            raise InputError(f"darts' genotype gives the cell '{kind}' {len(nodes)} nodes; it has {NODES}")
        for number, node in enumerate(nodes):
            if not node:
                raise InputError(f"darts' genotype takes no state in node {number} of the cell '{kind}'")
            for name, state in node:
                operations[name]  # an unknown one is said here
                if not 0 <= state < 2 + number:
                    raise InputError(
                        f"darts' genotype takes state {state} in node {number} of the cell '{kind}';"
                        f" before it are the states 0 to {1 + number}"
                    )
