"""The hand-designed networks of NAS-Bench-360: which task names which, sizes, what is special to each."""

import re
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from isthmus import fit, load_task
from isthmus.config.resolve import make
from isthmus.methods import methods as registered_methods
from isthmus.methods.specialists.crnn import MIN_SIZE as LEAST_SPECTROGRAM
from isthmus.methods.specialists.deepsea import MIN_LENGTH as LEAST_SERIES
from isthmus.model.base import Spec
from isthmus.store.prepare import mock
from isthmus.tasks import tasks

methods: Any = registered_methods  # each has options and steps of its own


EXPERTS = {
    "cifar100": "densenet",
    "cosmic": "deepcr",
    "darcy": {"name": "fno", "width": 32},
    "deepsea": "deepsea",
    "ecg": "ecg-resnet",
    "fsd50k": "crnn",
    "ninapro": "semg-attention",
    "psicov": "deepcon",
    "satellite": "rocket",
    "spherical": "s2cnn",
}
BENCHMARKS = [
    name for name, entry in tasks.items() if name.startswith(("nasbench360/", "pdebench/")) and entry.data
]


def spec(shape: tuple[int, ...], channels: int, size: tuple[int, ...] = (), kind="classification") -> Spec:
    return Spec(
        task="t", kind=kind, input_shape=shape, output_channels=channels, output_size=size, classes=()
    )


def body(name: str, shape: tuple[int, ...], channels: int, size: tuple[int, ...] = (), **options):
    torch.manual_seed(0)
    return methods[name](**options).build_body(spec(shape, channels, size)).eval()


def test_every_task_of_the_benchmarks_names_its_expert():
    named = {name: tasks[name].expert for name in BENCHMARKS}
    expected = {f"nasbench360/{task}": expert for task, expert in EXPERTS.items()}
    assert named == {name: expected.get(name, "fno") for name in BENCHMARKS}
    assert len(BENCHMARKS) == 18


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_expert_takes_its_task_as_published(name):
    entry = tasks[name]
    shapes = [tuple(map(int, s.split(", "))) for s in re.findall(r"\[([\d, ]+)\]", entry.shape)]
    (channels, *size), kind = shapes[1], entry.kind
    part = {"name": entry.expert} if isinstance(entry.expert, str) else entry.expert
    assert make("method", part).supports(spec(shapes[0], channels, tuple(size), kind))


def test_a_run_of_the_expert(tmp_path):
    name = "nasbench360/ninapro"
    mock(name, tasks[name].data, tmp_path, samples=8)
    task = load_task(name, tmp_path)
    assert task.expert == "semg-attention"
    run = fit(task, method="expert", out=tmp_path / "run", epochs=1, epoch_steps=1)
    assert run.result["method"] == "semg-attention"


@pytest.mark.parametrize(
    ("name", "shape", "output", "options", "published", "unit"),
    [
        ("densenet", (3, 32, 32), 10, {"depth": 100, "growth": 12}, 800_000, 100_000),
        ("densenet", (3, 32, 32), 10, {"depth": 250, "growth": 24}, 15_300_000, 100_000),
        ("densenet", (3, 32, 32), 10, {"depth": 190, "growth": 40}, 25_600_000, 100_000),
        ("s2cnn", (1, 60, 60), 10, {}, 58_000, 1_000),
        ("ecg-resnet", (18, 2048), 6, {}, 16_549_254, 1),
        ("deepsea", (4, 1000), 919, {}, 52_843_119, 1),
    ],
)
def test_as_many_parameters_as_published(name, shape, output, options, published, unit):
    with torch.device("meta"):
        net = methods[name](**options).build_body(spec(shape, output))
    assert abs(sum(p.numel() for p in net.parameters()) - published) < unit


def convolution(kernel: int, before: int, after: int) -> int:
    return kernel * before * after + after


BY_HAND = {
    # norm, 1-convolution; 8 blocks of a norm and two convolutions; norm, convolution
    "deepcon": (
        ((57, 64, 64), 1, (64, 64)),
        2 * 57 + convolution(1, 57, 16) + 8 * (2 * 16 + 2 * convolution(9, 16, 16)) + 2 * 16
        + convolution(9, 16, 1),
    ),
    # down, down, up, across, last; a kernel with normalised weights has a length for each feature besides
    "deepcr": (
        ((1, 64, 64), 1, (64, 64)),
        convolution(9, 1, 32) + convolution(9, 32, 32) + convolution(9, 32, 64) + convolution(9, 64, 64)
        + convolution(4, 64, 32) + convolution(9, 64, 32) + convolution(9, 32, 32) + convolution(1, 32, 1)
        + 4 * 32 + 2 * 64,
    ),
    # norm over time, layer and norm, attention, the classifier's three layers and norms, last
    "semg-attention": (
        ((1, 16, 52), 18, ()),
        2 * 52 + convolution(1, 16, 128) + 2 * 128 + convolution(1, 52, 52)
        + convolution(1, 128, 500) + convolution(1, 500, 500) + convolution(1, 500, 2000)
        + 2 * (500 + 500 + 2000) + convolution(1, 2000, 18),
    ),
    # three convolutions and norms, four gates with two biases in either direction, last
    "crnn": (
        ((1, 96, 102), 200, ()),
        convolution(25, 1, 128) + 2 * convolution(25, 128, 128) + 3 * 2 * 128
        + 2 * 4 * (64 * (128 + 64) + 2 * 64) + convolution(1, 128, 200),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_as_many_parameters_as_by_hand(name):
    which, expected = BY_HAND[name]
    with torch.device("meta"):
        net = methods[name]().build_body(spec(*which))
    assert sum(p.numel() for p in net.parameters()) == expected


SMALL = {
    "densenet": ((2, 9, 7), 3, (), {"depth": 10, "growth": 4}, 20),
    "deepcon": ((2, 9, 7), 3, (9, 7), {"blocks": 4, "width": 8, "dropout": 0.0}, 40),
    "deepcr": ((2, 9, 7), 3, (9, 7), {"levels": 3, "width": 16}, 60),
    "semg-attention": ((3, 12), 3, (), {"dropout": 0.0}, 20),
    "crnn": ((2, 9, 7), 3, (), {}, 10),
    "ecg-resnet": ((2, 45), 3, (), {"blocks": 4, "width": 8, "groups": 4, "dropout": 0.0}, 40),
    "deepsea": ((2, 30), 3, (), {}, 12),
}
"""shapes that nothing divides, few features, and steps"""


@pytest.mark.parametrize("name", SMALL)
def test_it_learns_by_heart(name):
    """Six samples of noise, in a few steps."""
    shape, channels, size, options, steps = SMALL[name]
    net = body(name, shape, channels, size, **options).train()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, *shape, generator=generator)
    y = torch.randint(channels, (6, *size), generator=generator)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2 if steps > 20 else 2e-3)
    losses = []
    for _ in range(steps):
        output = net(x)
        assert output.shape == (6, channels, *size)
        losses.append(F.cross_entropy(output, y))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.7 * losses[0]


def test_a_dense_layer_keeps_what_came_before():
    net = body("densenet", (2, 8, 8), 3, depth=16, growth=4)
    x = net[0](torch.randn(2, 2, 8, 8))
    once = net[1](x)
    twice = net[2](once)
    assert (once.shape[1], twice.shape[1]) == (8 + 4, 8 + 4 + 4)
    assert torch.equal(once[:, :8], x)
    assert torch.equal(twice[:, :12], once)


@pytest.mark.parametrize(("blocks", "reach"), [(1, 3), (2, 6), (3, 11), (4, 13)])
def test_how_far_a_dilated_network_sees(blocks, reach):
    """A block's convolutions see 1 and 1, 2, 4, 1 ... points further, and the last one 1."""
    net = body("deepcon", (1, 31, 31), 1, (31, 31), blocks=blocks, width=4)
    x = torch.rand(1, 1, 31, 31, requires_grad=True)
    net(x)[0, 0, 15, 15].backward()
    seen = x.grad[0, 0].nonzero() - 15
    assert seen.abs().max() == reach


def test_a_u_net_turns_with_its_input_away_from_the_edges():
    """By as many points as the coarsest level has for one."""
    net = body("deepcr", (1, 48, 48), 2, (48, 48), width=4)
    x = torch.randn(1, 1, 48, 48, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        plain, moved = net(x)[..., 14:30, 14:30], net(x.roll((2, 2), (2, 3)))[..., 16:32, 16:32]
    torch.testing.assert_close(moved, plain)


def test_attention_feature_by_feature():
    net = body("semg-attention", (2, 3, 5), 4)
    x = torch.randn(2, 2, 3, 5)
    with torch.no_grad():
        features = net.widen(net.scale(x.reshape(2, 6, 5).transpose(1, 2)))
        expected = torch.empty(2, features.shape[-1])
        for sample in range(2):
            for number in range(features.shape[-1]):
                over_time = features[sample, :, number]
                shares = torch.softmax(net.attend.weight @ over_time + net.attend.bias, 0)
                expected[sample, number] = shares @ over_time
        torch.testing.assert_close(net(x), net.classify(expected))


@pytest.mark.parametrize(
    ("name", "shape", "least"),
    [("crnn", (1, 9, 7), LEAST_SPECTROGRAM), ("deepsea", (1, 30), (LEAST_SERIES,))],
)
def test_what_is_too_small_is_filled_up_by_as_little_as_will_do(name, shape, least):
    net, x = body(name, shape, 2), torch.randn(2, *shape)
    places: Any = (..., *map(slice, shape[1:]))
    filled = torch.zeros(2, 1, *least)
    filled[places] = x
    with torch.no_grad():
        torch.testing.assert_close(net(filled), net(x))
    layers = net.convolutions if name == "crnn" else net.layers[:-4]
    assert set(layers(filled).shape[2:]) == {1}
    for axis in range(len(least)):
        with pytest.raises(RuntimeError, match=r"(?i)size|small"):
            layers(filled.narrow(2 + axis, 0, least[axis] - 1))


@pytest.mark.parametrize("length", [1, 2, 15, 45, 64])
def test_a_series_is_halved_and_rounded_up(length):
    net = body("ecg-resnet", (1, length), 2, blocks=9, width=4, groups=2)
    x = torch.randn(2, 1, length)
    lengths = []
    for layer in net[:-5]:
        x = layer(x)
        lengths.append(x.shape[-1])
    half = -(-length // 2)
    assert lengths == [length] * 4 + [half] * 6 + [-(-half // 2)] * 2


@pytest.mark.parametrize(
    ("name", "options", "key"),
    [
        ("densenet", {"depth": 101}, "method.depth"),
        ("densenet", {"depth": 4}, "method.depth"),
        ("densenet", {"growth": 0}, "method.growth"),
        ("densenet", {"dropout": 1.0}, "method.dropout"),
        ("deepcon", {"blocks": 0}, "method.blocks"),
        ("deepcon", {"dropout": -0.1}, "method.dropout"),
        ("deepcr", {"levels": 0}, "method.levels"),
        ("deepcr", {"width": 0}, "method.width"),
        ("semg-attention", {"dropout": 1.0}, "method.dropout"),
        ("ecg-resnet", {"width": 100}, "method.width"),
        ("ecg-resnet", {"groups": 0}, "method.width"),
        ("ecg-resnet", {"blocks": 0}, "method.blocks"),
        ("ecg-resnet", {"dropout": 1.0}, "method.dropout"),
    ],
)
def test_wrong_options(name, options, key, refuses):
    with refuses("value", key):
        methods[name](**options)
