"""The residual networks: published counts, what each output sees, whose convolutions, in which order."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from isthmus.methods.specialists.resnet import (
    Head,
    MakeConvolution,
    residual_1d,
    same_convolution1d,
    same_convolution2d,
    wide_resnet,
)
from isthmus.tasks import Output

PUBLISHED = {(40, 4): 8.9, (16, 8): 11.0, (22, 8): 17.2, (28, 10): 36.5}
"""(depth, widen): millions of parameters on CIFAR-10 (Zagoruyko and Komodakis 2016, Tables 3 and 5)"""


def count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("shape", PUBLISHED)
def test_wide_networks_have_as_many_parameters_as_published(shape: tuple[int, int]) -> None:
    depth, widen = shape
    with torch.device("meta"):
        net = wide_resnet(3, Output(10), depth=depth, widen=widen)
    assert round(count(net) / 1e6, 1) == PUBLISHED[shape]


def test_wrn_16_4_has_as_many_parameters_as_published() -> None:
    assert round(count(wide_resnet(3, Output(10))) / 1e6, 2) == 2.75


def test_the_network_of_series_has_as_many_parameters_as_published() -> None:
    """504,000 before the classes (Ismail-Fawaz et al., DSAA 2023, who count the network of one channel)."""
    assert count(residual_1d(1, Output(2))[:-1]) == 504_000


def seen(net: nn.Module, x: torch.Tensor, position: tuple[int, ...]) -> torch.Tensor:
    """Which positions of the input the output at that position depends on."""
    x.requires_grad_()
    net.eval()(x)[(0, 0, *position)].backward()
    assert x.grad is not None
    return x.grad[0, 0].abs() > 0


def test_an_output_of_a_series_sees_its_surroundings() -> None:
    """Kernels 8, 5, 3 reach 3 + 2 + 1 back and 4 + 2 + 1 ahead, three times."""
    torch.manual_seed(0)
    reached = seen(residual_1d(1, Output(1, (64,)), width=16), torch.randn(1, 1, 64), (30,))
    assert reached.nonzero().flatten().tolist() == list(range(30 - 18, 30 + 21 + 1))


def test_an_output_of_a_picture_sees_its_surroundings() -> None:
    """Seven 3 x 3 convolutions without strides reach 7 each way."""
    torch.manual_seed(0)
    net = wide_resnet(1, Output(1, (20, 24)), depth=10, widen=1)
    reached = seen(net, torch.randn(1, 1, 20, 24), (10, 11)).nonzero()
    assert reached.min(0).values.tolist() == [3, 4]
    assert reached.max(0).values.tolist() == [17, 18]


def test_a_vector_comes_from_a_quarter_of_the_resolution() -> None:
    net = wide_resnet(3, Output(5), depth=10, widen=1)
    features = net[:-1](torch.randn(2, 3, 12, 15))
    assert features.shape == (2, 64, 3, 4)
    head = net[-1]
    assert isinstance(head, Head)
    torch.testing.assert_close(head(features), head.linear(features.mean((2, 3))))


def test_an_output_of_another_size_is_resampled() -> None:
    assert residual_1d(2, Output(3, (20,)), width=4)(torch.randn(2, 2, 32)).shape == (2, 3, 20)
    net = wide_resnet(2, Output(3, (9, 5)), depth=10, widen=1)
    assert net(torch.randn(2, 2, 8, 8)).shape == (2, 3, 9, 5)


@pytest.mark.parametrize("kernel", [1, 2, 5, 8])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("length", [9, 16])
def test_plain_convolutions_keep_the_length_or_halve_it(
    kernel: int,
    stride: int,
    length: int,
) -> None:
    expected = -(-length // stride)
    assert same_convolution1d(1, 1, kernel, stride)(torch.randn(1, 1, length)).shape == (1, 1, expected)
    if kernel % 2:
        made = same_convolution2d(1, 1, kernel, stride)(torch.randn(1, 1, length, length))
        assert made.shape == (1, 1, expected, expected)


class Recorder:
    """Makes plain convolutions, and remembers what was asked for and what was then called."""

    def __init__(self, make: MakeConvolution) -> None:
        self.make = make
        self.asked: list[tuple[int, ...]] = []
        self.called: list[int] = []

    def __call__(self, *wanted: int) -> nn.Module:
        made = self.make(*wanted)
        number = len(self.asked)
        made.register_forward_hook(lambda *_: self.called.append(number))
        self.asked.append(wanted)
        return made


def test_given_convolutions_are_asked_for_in_the_order_they_are_used() -> None:
    wide = Recorder(same_convolution2d)
    wide_resnet(3, Output(2), depth=10, widen=2, convolution=wide)(torch.randn(2, 3, 8, 8))
    strides = [1, 1, 1, 2, 1, 2, 1]
    channels = [3, 16, 32, 32, 64, 64, 128, 128]
    expected = [
        (before, after, 3, s) for before, after, s in zip(channels, channels[1:], strides, strict=False)
    ]
    assert (wide.asked, wide.called) == (expected, list(range(7)))

    series = Recorder(same_convolution1d)
    residual_1d(3, Output(2), width=4, convolution=series)(torch.randn(2, 3, 16))
    kernels = [wanted[2:] for wanted in series.asked]
    assert kernels == [(8, 1), (5, 1), (3, 1)] * 3
    assert series.called == list(range(9))


def test_given_convolutions_are_not_started_anew_unless_they_are_plain() -> None:
    class Own(nn.Module):
        def __init__(self, before: int, after: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.full((after, before, 1, 1), 0.5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.conv2d(x, self.weight)

    net = wide_resnet(1, Output(1, (4, 4)), depth=10, widen=1, convolution=lambda b, a, k, s: Own(b, a))
    owned = [m for m in net.modules() if isinstance(m, Own)]
    assert len(owned) == 7
    assert all((m.weight == 0.5).all() for m in owned)


def test_dropout_draws_in_training_alone() -> None:
    torch.manual_seed(0)
    for net, x in (
        (wide_resnet(1, Output(2), depth=10, widen=1, dropout=0.5), torch.randn(4, 1, 8, 8)),
        (residual_1d(1, Output(2), width=4, dropout=0.5), torch.randn(4, 1, 16)),
    ):
        assert not torch.equal(net(x), net(x))
        assert torch.equal(net.eval()(x), net(x))


def test_it_starts_near_zero_whatever_the_output() -> None:
    """A head of one channel too: He's start by outputs would make its weights ten times too large."""
    torch.manual_seed(0)
    for output in (Output(1), Output(1, (16,))):
        assert residual_1d(1, output, width=32)(torch.randn(16, 1, 16)).std() < 3


@pytest.mark.parametrize("depth", [4, 12, 17])
def test_a_depth_that_is_none(depth: int, refuses: Callable[..., Any]) -> None:
    with refuses("value", "method.depth"):
        wide_resnet(1, Output(2), depth=depth)
