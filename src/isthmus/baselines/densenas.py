"""DenseNAS: how many blocks, how wide and how deep, found by gradient."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.baselines.bilevel import alternate
from isthmus.baselines.darts_cells import LAYERS, Layers, stem
from isthmus.baselines.resnet import Head
from isthmus.baselines.specialist import Specialist
from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods import Searching, methods
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed
from isthmus.tasks import Split, Task

Stages = list[list[tuple[int, int]]]
"""For each stage its blocks: width, and how many layers are stacked on the first"""

WEIGHTS_LR = 0.05
WEIGHTS_ALONE = 1 / 7


@methods.register("densenas")
class DenseNAS(Specialist, Searching):
    """Blocks found on the task, then trained: one of the searches behind NAS-Bench-360 in PaRe's Table 1.

    DenseNAS (Fang et al., CVPR 2020) in its residual space. While searching there is a block for every width;
    each leads, by a residual layer of its own, to every later block of its stage and of the next. The chance
    of each of these routes, and of each layer stacked in a block to stay, learn on one half of the training
    data the loss and the logarithm of the expected cost (multiplications, chained from the last block back),
    in turn with the weights on the other half. The likeliest path stays, and in its blocks the layers that
    are likelier to stay than to be skipped.

    What differs, so that a search takes a minute of one core: fewer and narrower blocks; few steps, and an
    architecture that learns faster for it; a layer and its skipping are both computed in every step, where
    published steps draw one for the weights; the first stage keeps the size of the stem, whose convolutions
    halve inputs of more than `positions` points. A series has the same blocks on a line; for dense outputs
    no stage halves. Published (R1): widths 48 to 64 by 8, 72 96 112, 128 to 224 by 16, 240 to 288 by 16 and
    480 to 512 by 16, with 0, 5, 15 or 5, 5 and 1 layers; 70 epochs of search with rates of 0.2 (weights, SGD)
    and 3e-4 (architecture, Adam), the architecture from the eleventh on; 0.2 log_3500 of the cost.

    Args:
        widths: of the blocks of each stage, rising; stem and head have the first and the last of them.
        layers: stacked in each block of a stage at most.
        search_steps: of the weights; after the first seventh as many of the architecture.
        search_lr: of the architecture.
        cost_weight: of the natural logarithm of the cost, beside the loss.
        positions: of the input, that reach the blocks at most.
        stages: the blocks of each stage, [width, layers]; None to search for them.
    """

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
            raise InputError("densenas' widths give every stage one block or more, of width 1 or more")
        if len(layers) != len(widths) or min(layers) < 0:
            raise InputError(
                f"densenas' layers are {list(layers)}; they are 0 or more for each of {len(widths)} stages"
            )
        if search_steps < 1 or positions < 1:
            raise InputError("densenas' search_steps and positions are 1 or more")
        if search_lr <= 0 or cost_weight < 0:
            raise InputError("densenas' search_lr is more than 0, its cost_weight 0 or more")
        if stages is not None and not (stages and all(stages)):
            raise InputError("densenas' stages each have one block or more: [[[16, 1]], [[32, 2], [48, 0]]]")
        if any(width < 1 or stacked < 0 for stage in stages or [] for width, stacked in stage):
            raise InputError("densenas' blocks have a width of 1 or more, and 0 or more layers")
        self.widths, self.layers, self.stages = widths, layers, stages
        self.search_steps, self.search_lr = search_steps, search_lr
        self.cost_weight, self.positions = cost_weight, positions

    def supports(self, spec: Spec) -> bool:
        """One vector, or a dense output of the size of the input."""
        return spec.output_size in ((), spec.input_shape[1:])

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, *positions] -> [B, C', *size]: the stages; the widest and deepest of each where unknown."""
        stages = self.stages or [[(stage[-1], n)] for stage, n in zip(self.widths, self.layers, strict=True)]
        layers = LAYERS[len(spec.input_shape) - 1]
        width, last = self.widths[0][0], self.widths[-1][-1]
        parts: list[nn.Module] = [stem(layers, spec.input_shape, width, self.positions), nn.ReLU()]
        for number, stage in enumerate(stages):
            for place, (after, stacked) in enumerate(stage):
                stride = 2 if number and not place and not spec.output_size else 1
                parts.append(Residual(layers, width, after, stride))
                parts += [Residual(layers, after, after) for _ in range(stacked)]
                width = after
        return nn.Sequential(
            *parts, closing(layers, width, last), Head(last, spec.output, layers.convolution)
        )

    def search(self, task: Task, train: Split, validation: Split | None, config: RunConfig) -> dict[str, Any]:
        """The stages, unless they are given."""
        if self.stages is not None:
            return {}
        net = self.build(config, task)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "search"))
            space = DenseSpace(net.spec, self.widths, self.layers, self.positions)
        net.body = space
        optimizer = torch.optim.Adam(space.choices(), self.search_lr, (0.5, 0.999), weight_decay=1e-3)
        for loss in alternate(
            net, task, train, config, steps=self.search_steps, alone=WEIGHTS_ALONE, lr=WEIGHTS_LR
        ):
            optimizer.zero_grad()
            (loss + self.cost_weight * space.cost().log()).backward(inputs=space.choices())
            optimizer.step()
        return {"method": {**config.method, "stages": space.found()}}


class DenseSpace(nn.Module):
    """The network that is searched: [B, C, *positions] -> [B, C', *size].

    Its blocks are numbered from the stem, 0, to the end, which brings what arrives to the last width.

    Attributes:
        routes: for each block but the end the numbers of those that it leads to.
        preferences: a logit for each of these; like `stays` no parameter, as those are the weights.
        stays: for each block a logit for each layer stacked in it.
        stages, sizes: of each block its stage and width.
        left: for each block the part of the stem's positions that its stage has.
    """

    def __init__(
        self, spec: Spec, widths: Sequence[Sequence[int]], layers: Sequence[int], positions: int
    ) -> None:
        super().__init__()
        make = LAYERS[len(spec.input_shape) - 1]
        make = make._replace(norm=partial(make.norm, affine=False))
        stages = [-1, *(n for n, stage in enumerate(widths) for _ in stage), len(widths)]
        sizes = [widths[0][0], *chain(*widths), widths[-1][-1]]
        blocks, end = range(len(stages) - 1), len(stages) - 1
        self.routes = [[t for t in range(b + 1, end + 1) if stages[t] - stages[b] <= 1] for b in blocks]
        self.preferences = [torch.zeros(len(route), requires_grad=True) for route in self.routes]
        stacked = [0, *(layers[stage] for stage in stages[1:end]), 0]
        self.stays = [torch.zeros(count, requires_grad=True) for count in stacked]

        self.stem = nn.Sequential(stem(make, spec.input_shape, sizes[0], positions), nn.ReLU())
        self.heads = nn.ModuleDict()
        for b, route in enumerate(self.routes):
            for t in route:
                stride = 2 if 0 <= stages[b] < stages[t] and not spec.output_size else 1
                self.heads[f"{b}-{t}"] = (
                    closing(make, sizes[b], sizes[t])
                    if t == end
                    else Residual(make, sizes[b], sizes[t], stride)
                )
        self.stacks = [
            [Residual(make, size, size) for _ in range(n)] for size, n in zip(sizes, stacked, strict=True)
        ]
        self.stacked = nn.ModuleList(nn.ModuleList(stack) for stack in self.stacks)
        self.head = Head(sizes[-1], spec.output, make.convolution)
        halved = 1.0 if spec.output_size else 0.5 ** (len(spec.input_shape) - 1)
        self.left = [halved ** max(0, min(stage, len(widths) - 1)) for stage in stages]
        self.stages, self.sizes = stages, sizes

    def choices(self) -> list[Tensor]:
        """All that is searched."""
        return [*self.preferences, *self.stays]

    def chances(self) -> dict[tuple[int, int], Tensor]:
        """Of each route."""
        return {
            (b, t): chance
            for b, (route, preferences) in enumerate(zip(self.routes, self.preferences, strict=True))
            for t, chance in zip(route, preferences.softmax(0), strict=True)
        }

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, *positions] -> [B, C', *size]"""
        chances, features = self.chances(), [self.stem(x)]
        for t in range(1, len(self.stages)):
            arriving = [
                chance * self.heads[f"{b}-{t}"](features[b]) for (b, to), chance in chances.items() if to == t
            ]
            state = torch.stack(arriving).sum(0)
            for layer, stay in zip(self.stacks[t], self.stays[t].sigmoid(), strict=True):
                state = stay * layer(state) + (1 - stay) * state
            features.append(state)
        output: Tensor = self.head(features[-1])
        return output

    def cost(self) -> Tensor:
        """Expected multiplications from stem to head, for each position of the stem, chained from the end."""
        rest = [torch.zeros(()) for _ in self.stages]
        for (b, t), chance in reversed(self.chances().items()):
            stacked = zip(self.stays[t].sigmoid(), self.stacks[t], strict=True)
            price = _weights(self.heads[f"{b}-{t}"]) + sum(stay * _weights(layer) for stay, layer in stacked)
            rest[b] = rest[b] + chance * (self.left[t] * price + rest[t])
        return rest[0]

    def found(self) -> Stages:
        """The likeliest path, and the layers in its blocks that are likelier to stay than not."""
        best: dict[int, tuple[float, list[int]]] = {0: (1.0, [])}
        for (b, t), chance in self.chances().items():
            likely = best[b][0] * chance.item()
            if t not in best or likely > best[t][0]:
                best[t] = likely, [*best[b][1], t]
        *path, end = best[len(self.routes)][1]
        stages: Stages = [[] for _ in range(self.stages[end])]
        for t in path:
            stages[self.stages[t]].append((self.sizes[t], int((self.stays[t] >= 0).sum())))
        return stages


class Residual(nn.Module):
    """Two convolutions of three beside a shortcut (He et al., CVPR 2016, figure 2)."""

    def __init__(self, layers: Layers, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            layers.convolution(before, after, 3, stride, padding=1, bias=False),
            layers.norm(after),
            nn.ReLU(),
            layers.convolution(after, after, 3, padding=1, bias=False),
            layers.norm(after),
        )
        changes = before != after or stride != 1
        through = [layers.convolution(before, after, 1, stride, bias=False), layers.norm(after)]
        self.shortcut = nn.Sequential(*through if changes else [])

    def forward(self, x: Tensor) -> Tensor:
        """[B, before, *size] -> [B, after, *ceil(size / stride)]"""
        return F.relu(self.inner(x) + self.shortcut(x))


def closing(layers: Layers, before: int, after: int) -> nn.Sequential:
    """What comes after the last block: [B, before, *size] -> [B, after, *size]."""
    return nn.Sequential(layers.convolution(before, after, 1, bias=False), layers.norm(after), nn.ReLU())


def _weights(module: nn.Module) -> int:
    """Multiplications for each position of its output."""
    return sum(p.numel() for p in module.parameters() if p.dim() > 1)
