"""PC-DARTS: cells as published, a search on simplices, genotypes that are checked."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.config import make_config
from isthmus.methods.specialists import SpecialistNet
from isthmus.methods.specialists.darts import (
    Architecture,
    Darts,
    MixedEdge,
    Node,
    random_genotype,
    search_network,
)
from isthmus.methods.specialists.darts_cells import LAYER_TYPES, NODES, make_stem, operations
from isthmus.methods.specialists.search import minimize_bilevel
from isthmus.methods.specialists.specialist_net import SpecialistSpec
from isthmus.tasks import Task

NAMES = list(operations)
SEP, SKIP, DIL, MAX = "sep_conv_3", "skip", "dil_conv_3", "max_pool_3"
DARTS_V2 = {
    "normal": [
        [(SEP, 0), (SEP, 1)],
        [(SEP, 0), (SEP, 1)],
        [(SKIP, 0), (SEP, 1)],
        [(SKIP, 0), (DIL, 2)],
    ],
    "reduce": [
        [(MAX, 0), (MAX, 1)],
        [(MAX, 1), (SKIP, 2)],
        [(MAX, 0), (SKIP, 2)],
        [(MAX, 1), (SKIP, 2)],
    ],
}
PC_DARTS = {
    "normal": [
        [(SKIP, 0), (SEP, 1)],
        [(SEP, 0), (DIL, 1)],
        [("sep_conv_5", 0), (SEP, 1)],
        [("mean_pool_3", 0), (DIL, 1)],
    ],
    "reduce": [
        [(MAX, 0), ("sep_conv_5", 1)],
        [("sep_conv_5", 1), ("sep_conv_5", 2)],
        [(SEP, 0), (SEP, 3)],
        [(SEP, 1), (SEP, 2)],
    ],
}


def spec_of(shape: tuple[int, ...], size: tuple[int, ...] = (), channels: int = 3) -> SpecialistSpec:
    return SpecialistSpec(
        task="t",
        kind="regression",
        input_shape=shape,
        output_channels=channels,
        output_size=size,
        classes=(),
        method="darts",
        options={},
    )


@pytest.mark.parametrize(("genotype", "millions"), [(DARTS_V2, 3.3), (PC_DARTS, 3.6)])
def test_as_many_parameters_as_the_papers_say(
    genotype: dict[str, Any],
    millions: float,
) -> None:
    method = Darts(cells=20, width=36, positions=1024, genotype=genotype)
    body = method.build_body(spec_of((3, 32, 32), channels=10))
    assert math.floor(sum(p.numel() for p in body.parameters()) / 1e5) / 10 == millions


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1,), (5,), (8,), (1, 1), (4, 7)])
@pytest.mark.parametrize("stride", [1, 2])
def test_an_operation_keeps_the_size_or_halves_it(
    name: str,
    size: tuple[int, ...],
    stride: int,
) -> None:
    operation = operations[name](LAYER_TYPES[len(size)], 6, stride).eval()
    assert operation(torch.randn(2, 6, *size)).shape == (2, 6, *(math.ceil(n / stride) for n in size))


@pytest.mark.parametrize("size", [(7,), (4, 5)])
@pytest.mark.parametrize("stride", [1, 2])
def test_an_edge_sure_of_its_operation_is_that_on_a_quarter_of_the_channels(
    size: tuple[int, ...],
    stride: int,
) -> None:
    torch.manual_seed(0)
    layers = LAYER_TYPES[len(size)]
    weights = torch.zeros(2, 1 + len(NAMES))
    weights[1, 1 + NAMES.index("dil_conv_5")] = 1.0
    edge = MixedEdge(layers, 8, stride, Node(weights, torch.tensor([0.7, 0.3])), 1).eval()
    x = torch.randn(2, 8, *size)
    past = x[:, 2:]
    if stride == 2:
        pool = F.max_pool1d if len(size) == 1 else F.max_pool2d
        past = pool(past, 2, ceil_mode=True)
    channels = torch.cat([edge.operations[NAMES.index("dil_conv_5")](x[:, :2]), past], 1)
    expected = 0.3 * channels[:, [0, 2, 4, 6, 1, 3, 5, 7]]  # so that the next edge works on others
    torch.testing.assert_close(edge(x), expected)


@settings(max_examples=20)
@given(st.floats(0.01, 50), st.integers(0, 100))
def test_a_step_is_exponentiated_gradient_on_the_simplex(lr: float, seed: int) -> None:
    architecture = Architecture(["normal"])
    node = architecture.nodes["normal"][1]
    torch.manual_seed(seed)
    slopes = torch.randn_like(node.operation_weights)
    # Constants added to all gradients of a point change nothing.
    loss = sum(n.edge_weights.sum() + n.operation_weights.sum() for n in architecture.nodes["normal"])
    before = node.operation_weights.detach().double().numpy()
    architecture.step(loss + (slopes * node.operation_weights).sum(), lr)
    expected = before * np.exp(-lr * (slopes.double().numpy() - slopes.min().item()))
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(node.operation_weights.detach().numpy(), expected, rtol=1e-3, atol=1e-6)
    for other in architecture.nodes["normal"]:
        torch.testing.assert_close(other.edge_weights.sum().item(), 1.0)


def test_the_genotype_holds_the_two_strongest_edges_of_each_node() -> None:
    architecture = Architecture(["normal"])
    with torch.no_grad():
        node = architecture.nodes["normal"][2]
        weights = node.operation_weights
        weights[0, 0] = 0.9  # of no operation: never in a genotype
        weights[1, 1 + NAMES.index("skip")] = 0.5
        weights[2, 1 + NAMES.index("max_pool_3")] = 0.4
        weights[3, 1 + NAMES.index("sep_conv_5")] = 0.3
        node.edge_weights.copy_(torch.tensor([0.1, 0.1, 0.4, 0.4]))
    genotype = architecture.genotype()
    assert genotype["normal"][2] == [("max_pool_3", 2), ("sep_conv_5", 3)]
    assert [len(node) for node in genotype["normal"]] == [2] * NODES


@pytest.mark.parametrize("planted", ["max_pool_3", "mean_pool_3"])
def test_the_search_finds_a_planted_operation(planted: str) -> None:
    x = np.random.default_rng(0).normal(size=(64, 4, 24)).astype(np.float32)
    first = torch.from_numpy(x[:, :1])
    pooled = {"max_pool_3": F.max_pool1d(first, 3, 1, 1), "mean_pool_3": F.avg_pool1d(first, 3, 1, 1)}
    y = np.concatenate([pooled[planted].numpy(), x[:, 1:]], 1)
    task = Task.from_arrays(x, y, kind="regression", name="planted")
    node = Architecture(["normal"]).nodes["normal"][0]
    architecture = Architecture([])
    architecture.nodes["normal"] = [node]
    layers = LAYER_TYPES[1]._replace(norm=lambda width, affine=False: nn.BatchNorm1d(width, affine=affine))

    class OneEdge(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.edge = MixedEdge(layers, 4, 1, node, 0)

        def forward(self, x: Tensor) -> Tensor:
            output: Tensor = self.edge(x) / node.edge_weights[0]
            return output

    torch.manual_seed(0)
    net = SpecialistNet(OneEdge(), spec_of((4, 24), (24,), 4))
    net.fit_scale(task)
    config = make_config({"task": "planted", "method": "darts", "batch_size": 16})

    def update_architecture(loss: Tensor) -> None:
        architecture.step(loss + 0.0 * node.edge_weights.sum(), 0.5)

    minimize_bilevel(net, update_architecture, task, task.train, config, steps=40, warmup=0.0, lr=0.025)
    weights = node.operation_weights[0].detach()
    assert weights.argmax() == 1 + NAMES.index(planted)
    assert weights.max() > 0.5


@settings(max_examples=30)
@given(st.integers(1, 3000), st.integers(1, 300))
def test_no_more_positions_reach_the_cells_than_allowed(length: int, positions: int) -> None:
    kept = make_stem(LAYER_TYPES[1], (2, length), 4, positions).eval()(torch.zeros(1, 2, length)).shape[2]
    assert kept <= positions
    assert length <= positions or 2 * kept > positions  # and not halved once too often


def test_a_dense_network_is_searched_without_cells_that_reduce(refuses: Callable[..., Any]) -> None:
    architecture = Architecture(["normal"])
    net = search_network(spec_of((1, 9), (9,)), architecture, 3, 4, 256)
    assert net(torch.randn(2, 1, 9)).shape == (2, 3, 9)
    Darts(genotype=random_genotype(3) | {"reduce": random_genotype(4)["reduce"]})
    body = Darts(genotype={"normal": random_genotype(0)["normal"]})
    assert body.build_body(spec_of((1, 9), (9,)))(torch.randn(2, 1, 9)).shape == (2, 3, 9)
    with refuses("conflict", "method.genotype"):
        body.build_body(spec_of((1, 9)))


def test_a_search_moves_and_finds_the_same_again_as_plain_data() -> None:
    task = Task.from_arrays(np.random.default_rng(0).normal(size=(24, 1, 12)), np.arange(24) % 2, name="tiny")
    small: dict[str, Any] = {
        "cells": 2,
        "width": 4,
        "search_cells": 3,
        "search_width": 4,
        "search_steps": 2,
        "search_lr": 20.0,
    }
    config = make_config({"task": "tiny", "method": {"name": "darts", **small}, "batch_size": 8})
    found, again = (Darts(**small).search(task, task.train, None, config) for _ in range(2))
    assert found == again
    method = json.loads(json.dumps(found))["method"]
    assert method.pop("name") == "darts"
    assert method["genotype"] != json.loads(json.dumps(Architecture(["normal", "reduce"]).genotype()))
    net = Darts(**method).build(config.model_copy(update={"method": {"name": "darts", **method}}), task)
    assert net.spec.options["genotype"] == method["genotype"]
    assert net(torch.from_numpy(task.train.x)).shape == (24, 2)


def test_given_cells_are_not_searched() -> None:
    task = Task.from_arrays(np.random.default_rng(0).normal(size=(8, 1, 8)), np.arange(8) % 2)
    config = make_config({"task": "t", "method": "darts"})
    assert Darts(genotype=random_genotype(0)).search(task, task.train, None, config) == {}


def test_random_cells_differ_by_seed_and_are_genotypes() -> None:
    drawn = [random_genotype(seed) for seed in range(20)]
    assert drawn[3] == random_genotype(3)
    assert len({str(genotype) for genotype in drawn}) == 20
    for genotype in drawn:
        Darts(genotype=genotype)
        assert all(a[1] != b[1] for nodes in genotype.values() for a, b in nodes)


@pytest.mark.parametrize(
    ("options", "kind", "key"),
    [
        ({"cells": 0}, "value", "method.cells"),
        ({"search_width": 6}, "value", "method.search_width"),
        ({"search_lr": 0.0}, "value", "method.search_lr"),
        ({"genotype": {"normal": []}}, "value", "method.genotype"),
        ({"genotype": {"norm": []}}, "unknown", "norm"),
        ({"genotype": {"normal": [[("sep_conv_7", 0)]] * 4}}, "unknown", "sep_conv_7"),
        ({"genotype": {"normal": [[(SEP, 2)]] * 4}}, "value", "method.genotype"),
        ({"genotype": {"normal": [[]] * 4}}, "value", "method.genotype"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    options: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses(kind, key):
        Darts(**options)
