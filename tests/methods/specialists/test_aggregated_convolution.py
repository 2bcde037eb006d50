"""An aggregated kernel is the explicit sum of convolutions."""

from collections.abc import Callable, Sequence
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from isthmus.methods.specialists.aggregated_convolution import (
    AggregatedConvolution,
    Choice,
    aggregate,
    convolve,
)

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d}
PUBLISHED = {
    1: list(product((3, 7, 11, 15, 19), (1, 3, 7, 15))),
    2: list(product((3, 5, 7, 9), (1, 3, 7, 15))),
}


def explicit(
    x: Tensor,
    kernels: Sequence[Tensor],
    dilations: Sequence[int],
    weights: Tensor,
    stride: int,
) -> Tensor:
    """Sum the convolutions one by one."""
    groups = x.shape[1] // kernels[0].shape[1]
    outputs = [
        share * CONVOLUTIONS[x.dim() - 2](x, k, None, stride, [d * (n // 2) for n in k.shape[2:]], d, groups)
        for share, k, d in zip(weights, kernels, dilations, strict=True)
    ]
    return torch.stack(outputs).sum(0)


def check(
    size: tuple[int, ...],
    choices: Sequence[tuple[int, int]],
    channels: tuple[int, int],
    separable: bool,
    stride: int,
    seed: int,
) -> None:
    """Check that values, and gradients of input, kernels and weights, agree to 1e-5 of the largest."""
    generator = torch.Generator().manual_seed(seed)
    before, after = (channels[1], channels[1]) if separable else channels
    each = 1 if separable else before
    x = torch.randn(2, before, *size, generator=generator)
    kernels = [torch.randn(after, each, *[k] * len(size), generator=generator) for k, _ in choices]
    weights = torch.randn(len(choices), generator=generator).softmax(0)
    leaves = [x, weights, *kernels]
    found = []
    convolutions: tuple[Callable[..., Tensor], ...] = (
        lambda x, weights, *kernels: convolve(
            x, aggregate(kernels, [d for _, d in choices], weights, x.shape[2:]), stride
        ),
        lambda x, weights, *kernels: explicit(x, kernels, [d for _, d in choices], weights, stride),
    )
    for convolution in convolutions:
        inputs = [leaf.clone().requires_grad_() for leaf in leaves]
        output = convolution(*inputs)
        slopes = torch.linspace(-1, 1, output.numel()).view(output.shape)
        torch.autograd.backward((output * slopes).sum())
        found.append([output.detach(), *(leaf.grad for leaf in inputs)])
    for ours, wanted in zip(*found, strict=True):
        assert ours.shape == wanted.shape
        assert (ours - wanted).abs().max() <= 1e-5 * max(1.0, float(wanted.abs().max()))


@settings(max_examples=40)
@given(
    size=st.one_of(st.tuples(st.integers(1, 40)), st.tuples(st.integers(1, 20), st.integers(1, 20))),
    choices=st.lists(st.tuples(st.sampled_from((1, 3, 5, 9)), st.integers(1, 6)), min_size=1, max_size=4),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    separable=st.booleans(),
    stride=st.integers(1, 3),
    seed=st.integers(0, 100),
)
def test_it_is_the_sum_of_convolutions(
    size: tuple[int, ...],
    choices: Sequence[tuple[int, int]],
    channels: tuple[int, int],
    separable: bool,
    stride: int,
    seed: int,
) -> None:
    check(size, choices, channels, separable, stride, seed)


@pytest.mark.parametrize("separable", [True, False])
@pytest.mark.parametrize("size", [(300,), (64, 70)])
def test_so_it_is_for_the_published_choices(size: tuple[int, ...], separable: bool) -> None:
    check(size, PUBLISHED[len(size)], (2, 3), separable, 1, 0)


def test_the_largest_kernels_span() -> None:
    kernels = [torch.ones(1, 1, k, k) for k, _ in PUBLISHED[2]]
    total = aggregate(kernels, [d for _, d in PUBLISHED[2]], torch.ones(len(kernels)), (256, 100))
    assert total.shape == (1, 1, 121, 121)  # 9 + 8 * 14
    assert total[0, 0, 60, 60] == len(kernels)
    assert total[0, 0, 0, 0] == 1
    small = aggregate(kernels, [d for _, d in PUBLISHED[2]], torch.ones(len(kernels)), (256, 8))
    assert small.shape == (1, 1, 121, 15)  # A tap 8 from the centre meets nothing.


def layer(separable: bool, before: int = 2, after: int = 3) -> AggregatedConvolution:
    torch.manual_seed(0)
    return AggregatedConvolution(before, after, 2, [Choice(3, 1), Choice(5, 2)], 1, separable)


@pytest.mark.parametrize("separable", [True, False])
def test_a_layer_learns_all_of_it(separable: bool) -> None:
    net = layer(separable)
    output = net(torch.randn(2, 2, 9))
    assert output.shape == (2, 3, 5)
    output.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_a_layer_draws_its_weights_and_keeps_what_it_prefers() -> None:
    net, x = layer(False), torch.randn(1, 2, 9)
    first, second = net(x), net(x)
    assert not torch.equal(first, second)
    with torch.no_grad():
        net.preferences.copy_(torch.tensor([0.0, 50.0]))
    assert net.preferred == Choice(5, 2)
    alone = F.conv1d(x, net.kernels[1], None, 2, 4, 2)
    torch.testing.assert_close(net(x), alone)
