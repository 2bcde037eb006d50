"""DenseNAS: a search for the number, width and depth of residual blocks by gradient descent."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods import Searching, methods
from isthmus.methods.specialists.darts_cells import LAYER_TYPES, LayerTypes, make_stem
from isthmus.methods.specialists.resnet import Head
from isthmus.methods.specialists.search import minimize_bilevel
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed
from isthmus.tasks import Split, Task

Stages = list[list[tuple[int, int]]]
"""For each stage its blocks: width, and the number of layers stacked on the block's first one."""

WEIGHTS_LR = 0.05
WARMUP = 1 / 7
"""Fraction of the search in which only the weights are trained."""


@methods.register("densenas")
class DenseNAS(Specialist, Searching):
    """Blocks found on the task, then trained: one of the searches behind NAS-Bench-360 in PaRe's Table 1.

    DenseNAS (Fang et al., CVPR 2020) in its residual space. During the search there is a block for every
    width; each leads, by a residual layer for each route, to every later block of its stage and of the next
    stage. The probability of each route, and the probability that each layer stacked in a block is kept, are
    trained on one half of the training data by the loss and the logarithm of the expected cost
    (multiplications, chained from the last block back), in turn with the weights on the other half. The
    search returns the most probable path, and in its blocks those layers that are more likely kept than
    skipped.

    What differs, so that a search takes a minute on one CPU core: fewer and narrower blocks; few steps, and a
    higher learning rate of the architecture to make up for it; both a layer and its skip are computed in
    every step, where published steps draw one of them for the weights; the first stage keeps the size of the
    stem, whose convolutions halve inputs of more than `positions` points. Series have the same blocks in one
    dimension; for dense outputs no stage halves. Published (R1): widths 48 to 64 by 8, 72 96 112, 128 to 224
    by 16, 240 to 288 by 16 and 480 to 512 by 16, with 0, 5, 15 or 5, 5 and 1 layers; 70 epochs of search with
    learning rates of 0.2 (weights, SGD) and 3e-4 (architecture, Adam), the architecture from the eleventh
    epoch on; 0.2 log_3500 of the cost.

    Args:
        widths: Widths of the blocks of each stage, rising; stem and head have the first and the last of them.
        layers: Largest number of layers stacked in each block of a stage.
        search_steps: Steps of the weights during the search; after the first seventh, each is followed by one
            of the architecture.
        search_lr: Learning rate of the architecture.
        cost_weight: Factor on the natural logarithm of the cost, which is added to the loss.
        positions: Largest number of input positions that reach the blocks.
        stages: Blocks of each stage, [width, layers]; None to search for them.
    """

    references = (
        "J. Fang et al. (2020), Densely connected search space for more flexible neural "
        "architecture search, CVPR",
    )

    requirement = "any task with one vector a sample, or a target for every position of the input"

    def __init__(
        self,
        *,
        widths: tuple[tuple[int, ...], ...] = ((16, 24), (32, 48), (64, 96)),
        layers: tuple[int, ...] = (1, 2, 2),
        search_steps: int = 100,
        search_lr: float = 0.03,
        cost_weight: float = 0.0245,
        positions: int = 256,
        stages: Stages | None = None,
    ) -> None:
        if not widths or not all(widths) or any(w < 1 for stage in widths for w in stage):
            raise InputError(
                "densenas' widths give every stage one block or more, of width 1 or more", key="method.widths"
            )
        if len(layers) != len(widths) or min(layers) < 0:
            raise InputError(
                f"densenas' layers are {list(layers)}; they are 0 or more for each of {len(widths)} stages",
                key="method.layers",
            )
        if search_steps < 1 or positions < 1:
            raise InputError(
                "densenas' search_steps and positions are 1 or more",
                key="method.search_steps" if search_steps < 1 else "method.positions",
            )
        if search_lr <= 0 or cost_weight < 0:
            raise InputError(
                "densenas' search_lr is more than 0, its cost_weight 0 or more",
                key="method.search_lr" if search_lr <= 0 else "method.cost_weight",
            )
        if stages is not None and not (stages and all(stages)):
            raise InputError(
                "densenas' stages each have one block or more: [[[16, 1]], [[32, 2], [48, 0]]]",
                key="method.stages",
            )
        if any(width < 1 or stacked < 0 for stage in stages or [] for width, stacked in stage):
            raise InputError(
                "densenas' blocks have a width of 1 or more, and 0 or more layers", key="method.stages"
            )
        self.widths, self.layers, self.stages = widths, layers, stages
        self.search_steps, self.search_lr = search_steps, search_lr
        self.cost_weight, self.positions = cost_weight, positions

    def supports(self, spec: Spec) -> bool:
        """Return whether the output is one vector, or has the size of the input."""
        return spec.output_size in ((), spec.input_shape[1:])

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network of the stages: [B, C, *positions] -> [B, C', *size].

        Before a search, each stage is one block of the largest width and depth.
        """
        stages = self.stages or [[(stage[-1], n)] for stage, n in zip(self.widths, self.layers, strict=True)]
        layers = LAYER_TYPES[len(spec.input_shape) - 1]
        width, last = self.widths[0][0], self.widths[-1][-1]
        parts: list[nn.Module] = [make_stem(layers, spec.input_shape, width, self.positions), nn.ReLU()]
        for number, stage in enumerate(stages):
            for place, (after, stacked) in enumerate(stage):
                stride = 2 if number and not place and not spec.output_size else 1
                parts.append(Residual(layers, width, after, stride))
                parts += [Residual(layers, after, after) for _ in range(stacked)]
                width = after
        parts.append(final_convolution(layers, width, last))
        return nn.Sequential(*parts, Head(last, spec.output, layers.convolution))

    def search(self, task: Task, train: Split, validation: Split | None, config: RunConfig) -> dict[str, Any]:
        """Find the stages, unless they are given."""
        if self.stages is not None:
            return {}
        net = self.build(config, task)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "search"))
            space = DenseSpace(net.spec, self.widths, self.layers, self.positions)
        net.body = space
        logits = space.architecture_logits()
        optimizer = torch.optim.Adam(logits, self.search_lr, (0.5, 0.999), weight_decay=1e-3)

        def update_architecture(loss: Tensor) -> None:
            optimizer.zero_grad()
            total = loss + self.cost_weight * space.expected_cost().log()
            torch.autograd.backward(total, inputs=logits)
            optimizer.step()

        minimize_bilevel(
            net,
            update_architecture,
            task,
            train,
            config,
            steps=self.search_steps,
            warmup=WARMUP,
            lr=WEIGHTS_LR,
        )
        return {"method": {**config.method, "stages": space.most_probable_stages()}}


class DenseSpace(nn.Module):
    """The network that is searched: [B, C, *positions] -> [B, C', *size].

    Blocks are numbered from the stem, 0, to the final convolution, which has the last width.

    Args:
        spec: Shapes of input and output.
        widths: Widths of the blocks of each stage.
        layers: Number of layers stacked in each block of a stage.
        positions: Largest number of input positions that reach the blocks.

    Attributes:
        routes: For each block but the last the numbers of the blocks that it leads to.
        route_logits: For each block but the last a logit for each of its routes. As the other logits, they
            are no parameters of the module, because its parameters are the weights.
        keep_logits: For each block a logit for each layer stacked in it.
        stages: Stage of each block.
        sizes: Width of each block.
        position_fractions: For each block the fraction of the stem's positions that its stage has.
    """

    def __init__(
        self, spec: Spec, widths: Sequence[Sequence[int]], layers: Sequence[int], positions: int
    ) -> None:
        super().__init__()
        types = LAYER_TYPES[len(spec.input_shape) - 1]
        types = types._replace(norm=partial(types.norm, affine=False))
        stages = [-1, *(n for n, stage in enumerate(widths) for _ in stage), len(widths)]
        sizes = [widths[0][0], *chain(*widths), widths[-1][-1]]
        blocks, end = range(len(stages) - 1), len(stages) - 1
        self.routes = [[t for t in range(b + 1, end + 1) if stages[t] - stages[b] <= 1] for b in blocks]
        self.route_logits = [torch.zeros(len(route), requires_grad=True) for route in self.routes]
        stacked = [0, *(layers[stage] for stage in stages[1:end]), 0]
        self.keep_logits = [torch.zeros(count, requires_grad=True) for count in stacked]

        stem = make_stem(types, spec.input_shape, sizes[0], positions)
        self.stem = nn.Sequential(stem, nn.ReLU())
        self.heads = nn.ModuleDict()
        for b, route in enumerate(self.routes):
            for t in route:
                stride = 2 if 0 <= stages[b] < stages[t] and not spec.output_size else 1
                self.heads[f"{b}-{t}"] = (
                    final_convolution(types, sizes[b], sizes[t])
                    if t == end
                    else Residual(types, sizes[b], sizes[t], stride)
                )
        self.stacks = [
            [Residual(types, size, size) for _ in range(n)] for size, n in zip(sizes, stacked, strict=True)
        ]
        self.stacked = nn.ModuleList(nn.ModuleList(stack) for stack in self.stacks)
        self.head = Head(sizes[-1], spec.output, types.convolution)
        fraction = 1.0 if spec.output_size else 0.5 ** (len(spec.input_shape) - 1)
        self.position_fractions = [fraction ** max(0, min(stage, len(widths) - 1)) for stage in stages]
        self.stages, self.sizes = stages, sizes

    def architecture_logits(self) -> list[Tensor]:
        """Return all logits that the search trains."""
        return [*self.route_logits, *self.keep_logits]

    def route_probabilities(self) -> dict[tuple[int, int], Tensor]:
        """Return the probability of each route, by the numbers of its two blocks."""
        return {
            (b, t): probability
            for b, (route, logits) in enumerate(zip(self.routes, self.route_logits, strict=True))
            for t, probability in zip(route, logits.softmax(0), strict=True)
        }

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, *positions] to [B, C', *size]."""
        probabilities, features = self.route_probabilities(), [self.stem(x)]
        for t in range(1, len(self.stages)):
            inputs = [
                probability * self.heads[f"{b}-{t}"](features[b])
                for (b, target), probability in probabilities.items()
                if target == t
            ]
            state = torch.stack(inputs).sum(0)
            for layer, keep in zip(self.stacks[t], self.keep_logits[t].sigmoid(), strict=True):
                state = keep * layer(state) + (1 - keep) * state
            features.append(state)
        output: Tensor = self.head(features[-1])
        return output

    def expected_cost(self) -> Tensor:
        """Compute the expected multiplications from stem to head, for each position of the stem.

        Costs are chained from the last block to the first.
        """
        remaining = [torch.zeros(()) for _ in self.stages]
        for (b, t), probability in reversed(self.route_probabilities().items()):
            stacked = zip(self.keep_logits[t].sigmoid(), self.stacks[t], strict=True)
            cost = _weights(self.heads[f"{b}-{t}"]) + sum(keep * _weights(layer) for keep, layer in stacked)
            cost_from_here = self.position_fractions[t] * cost + remaining[t]
            remaining[b] = remaining[b] + probability * cost_from_here
        return remaining[0]

    def most_probable_stages(self) -> Stages:
        """Return the most probable path, with the layers of its blocks that are more likely kept than not."""
        best: dict[int, tuple[float, list[int]]] = {0: (1.0, [])}
        for (b, t), probability in self.route_probabilities().items():
            path_probability = best[b][0] * probability.item()
            if t not in best or path_probability > best[t][0]:
                best[t] = path_probability, [*best[b][1], t]
        *path, end = best[len(self.routes)][1]
        stages: Stages = [[] for _ in range(self.stages[end])]
        for t in path:
            stages[self.stages[t]].append((self.sizes[t], int((self.keep_logits[t] >= 0).sum())))
        return stages


class Residual(nn.Module):
    """Two convolutions of kernel size 3 with a shortcut (He et al., CVPR 2016, figure 2)."""

    def __init__(self, layers: LayerTypes, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            layers.convolution(before, after, 3, stride, padding=1, bias=False),
            layers.norm(after),
            nn.ReLU(),
            layers.convolution(after, after, 3, padding=1, bias=False),
            layers.norm(after),
        )
        changes = before != after or stride != 1
        projection = [layers.convolution(before, after, 1, stride, bias=False), layers.norm(after)]
        self.shortcut = nn.Sequential(*projection if changes else [])

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, before, *size] to [B, after, *ceil(size / stride)]."""
        return F.relu(self.inner(x) + self.shortcut(x))


def final_convolution(layers: LayerTypes, before: int, after: int) -> nn.Sequential:
    """Make the convolution, norm and ReLU after the last block: [B, before, *size] -> [B, after, *size]."""
    return nn.Sequential(layers.convolution(before, after, 1, bias=False), layers.norm(after), nn.ReLU())


def _weights(module: nn.Module) -> int:
    """Count the multiplications for each position of the module's output."""
    return sum(p.numel() for p in module.parameters() if p.dim() > 1)
