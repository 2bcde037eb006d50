"""DenseNAS: the space holds all paths, its cost is their expected cost, the search returns the likeliest."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from isthmus.config import make_config
from isthmus.methods.specialists.densenas import DenseNAS, DenseSpace
from isthmus.methods.specialists.specialist_net import SpecialistSpec
from isthmus.tasks import Task

WIDTHS, LAYERS = ((2, 3), (4, 5), (6,)), (1, 2, 0)


def spec_of(shape: tuple[int, ...], size: tuple[int, ...] = ()) -> SpecialistSpec:
    return SpecialistSpec(
        task="t",
        kind="regression",
        input_shape=shape,
        output_channels=3,
        output_size=size,
        classes=(),
        method="densenas",
        options={},
    )


def space_of(shape: tuple[int, ...], size: tuple[int, ...] = (), seed: int = 0) -> DenseSpace:
    """Make a space whose logits are drawn at random."""
    torch.manual_seed(seed)
    space = DenseSpace(spec_of(shape, size), WIDTHS, LAYERS, 256)
    with torch.no_grad():
        for choice in space.architecture_logits():
            choice.normal_()
    return space.eval()


def paths(space: DenseSpace, block: int = 0) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Yield all paths from a block to the end, and their probabilities."""
    if block == len(space.routes):
        yield 1.0, ()
        return
    for t, probability in zip(
        space.routes[block], space.route_logits[block].softmax(0).tolist(), strict=True
    ):
        for rest, way in paths(space, t):
            yield probability * rest, (t, *way)


def decide(space: DenseSpace, path: tuple[int, ...], stay: bool) -> None:
    """Make that path certain, and whether layers are kept."""
    with torch.no_grad():
        for b, t in zip((0, *path), path, strict=False):
            space.route_logits[b].fill_(-1e4)[space.routes[b].index(t)] = 1e4
        for logits in space.keep_logits:
            logits.fill_(1e4 if stay else -1e4)


def multiplications(body: nn.Sequential, x: torch.Tensor) -> int:
    """Count the multiplications of all convolutions but those of the stem during a forward pass."""
    counted: list[int] = []

    def count(module: nn.Module, _: object, output: torch.Tensor) -> None:
        assert isinstance(module.weight, torch.Tensor)
        counted.append(module.weight.numel() * output[0, 0].numel())

    for number, part in enumerate(body):
        if number:
            for module in part.modules():
                if isinstance(module, nn.Conv1d | nn.Conv2d):
                    module.register_forward_hook(count)
    body(x)
    return sum(counted)


@pytest.mark.parametrize(("shape", "size"), [((1, 16), ()), ((2, 8, 8), ()), ((1, 16), (16,))])
@pytest.mark.parametrize("stay", [True, False])
def test_a_decided_space_is_the_network_of_its_path_at_its_cost(
    shape: tuple[int, ...],
    size: tuple[int, ...],
    stay: bool,
) -> None:
    for _, path in paths(space_of(shape, size)):
        space = space_of(shape, size)
        decide(space, path, stay)
        stages = space.most_probable_stages()
        assert [width for stage in stages for width, _ in stage] == [space.sizes[t] for t in path[:-1]]
        assert all(n == (LAYERS[i] if stay else 0) for i, stage in enumerate(stages) for _, n in stage)

        body = DenseNAS(widths=WIDTHS, layers=LAYERS, stages=stages).build_body(spec_of(shape, size)).eval()
        assert isinstance(body, nn.Sequential)
        if size:  # Then the head has a convolution, too.
            body[-1] = nn.Identity()
        expected = multiplications(body, torch.zeros(1, *shape)) / np.prod(shape[1:])
        assert space.expected_cost().item() == pytest.approx(expected)

        x = torch.randn(2, *shape)
        state = space.stem(x)
        for b, t in zip((0, *path), path, strict=False):
            state = space.heads[f"{b}-{t}"](state)
            for layer in space.stacks[t] if stay else []:
                state = layer(state)
        torch.testing.assert_close(space(x), space.head(state))


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_cost_is_expected_over_all_paths_and_found_is_the_likeliest(seed: int) -> None:
    space = space_of((1, 16), seed=seed)
    ways = list(paths(space))
    assert sum(probability for probability, _ in ways) == pytest.approx(1.0)

    def price(path: tuple[int, ...]) -> float:
        total = 0.0
        for b, t in zip((0, *path), path, strict=False):
            modules = [(1.0, space.heads[f"{b}-{t}"])]
            modules += list(zip(space.keep_logits[t].sigmoid().tolist(), space.stacks[t], strict=True))
            for share, module in modules:
                kernels = sum(p.numel() for p in module.parameters() if p.dim() == 3)
                total += share * kernels / 2 ** min(space.stages[t], 2)
        return total

    assert space.expected_cost().item() == pytest.approx(
        sum(probability * price(path) for probability, path in ways), rel=1e-4
    )
    _, best = max(ways)
    blocks = [(space.sizes[t], sum(logit >= 0 for logit in space.keep_logits[t].tolist())) for t in best[:-1]]
    assert [block for stage in space.most_probable_stages() for block in stage] == blocks


def test_a_block_leads_through_its_stage_to_the_next() -> None:
    space = space_of((1, 16))
    assert space.routes == [[1, 2], [2, 3, 4], [3, 4], [4, 5], [5], [6]]


def test_a_search_finds_the_same_again_and_leaves_out_what_costs_too_much() -> None:
    task = Task.from_arrays(np.random.default_rng(0).normal(size=(16, 1, 8)), np.arange(16) % 2, name="tiny")
    options: dict[str, Any] = {
        "widths": ((4, 5), (6,)),
        "layers": (1, 2),
        "search_steps": 6,
        "search_lr": 0.3,
        "cost_weight": 100.0,
    }
    config = make_config({"task": "tiny", "method": {"name": "densenas", **options}, "batch_size": 8})
    found, again = (DenseNAS(**options).search(task, task.train, None, config) for _ in range(2))
    assert found == again
    method = json.loads(json.dumps(found))["method"]
    assert method.pop("name") == "densenas"
    assert [layers for stage in method["stages"] for _, layers in stage] == [0] * len(method["stages"])
    chosen = DenseNAS(**method)  # from what a file gives
    assert chosen.search(task, task.train, None, config) == {}
    net = chosen.build(config.model_copy(update={"method": {"name": "densenas", **method}}), task)
    assert net(torch.from_numpy(task.train.x)).shape == (16, 2)


def test_a_stage_of_several_blocks_halves_once() -> None:
    body = DenseNAS(stages=[[(4, 0), (5, 1)], [(6, 0), (7, 2)]]).build_body(spec_of((1, 9))).eval()
    assert isinstance(body, nn.Sequential)
    assert body[:-2](torch.zeros(1, 1, 9)).shape == (1, 7, 5)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"widths": ((16,), ())}, "method.widths"),
        ({"widths": ((16,),)}, "method.layers"),
        ({"layers": (1, 2, -1)}, "method.layers"),
        ({"search_steps": 0}, "method.search_steps"),
        ({"search_lr": 0.0}, "method.search_lr"),
        ({"stages": []}, "method.stages"),
        ({"stages": [[(0, 1)]]}, "method.stages"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    options: dict[str, Any], key: str, refuses: Callable[..., Any]
) -> None:
    with refuses("value", key):
        DenseNAS(**options)
