"""A weighted sum of convolutions of many kernel sizes and dilations, done as one convolution."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional as F

DIRECT = 9
"""Kernels up to so wide are convolved as they are, wider ones in the Fourier domain"""

CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d}


class Choice(NamedTuple):
    """What a convolution may look like: an odd kernel size, and a dilation."""

    kernel: int
    dilation: int


class AggregatedConvolution(nn.Module):
    """All choices of one convolution at once (DASH, section 3.2): [B, C, *size] -> [B, C', *size / stride].

    Every choice has a kernel of its own, started as He's, and a share: a Gumbel-softmax of the layer's
    preferences at temperature 1, drawn anew from torch's global generator at every pass.

    Args:
        before, after: channels.
        stride: of the output, whose size is rounded up.
        choices: kernel sizes and dilations to choose from.
        dimensions: 1 or 2.
        separable: each channel is convolved for itself, after a 1 x 1 convolution where their number changes.
    """

    def __init__(
        self,
        before: int,
        after: int,
        stride: int,
        choices: Sequence[Choice],
        dimensions: int,
        separable: bool,
    ) -> None:
        super().__init__()
        self.stride, self.choices = stride, tuple(choices)
        self.preferences = nn.Parameter(1e-3 * torch.randn(len(self.choices)))
        pointwise = nn.Conv1d if dimensions == 1 else nn.Conv2d
        changes = separable and before != after
        self.across = pointwise(before, after, 1, bias=False) if changes else nn.Identity()
        self.kernels = nn.ParameterList(
            nn.init.kaiming_normal_(
                torch.empty(after, 1 if separable else before, *[choice.kernel] * dimensions)
            )
            for choice in self.choices
        )

    @property
    def preferred(self) -> Choice:
        """The likeliest choice."""
        return self.choices[int(self.preferences.argmax())]

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, *size] -> [B, C', *ceil(size / stride)]"""
        x = self.across(x)
        shares = F.gumbel_softmax(self.preferences, tau=1.0, dim=0)
        dilations = [choice.dilation for choice in self.choices]
        return convolve(x, aggregate(list(self.kernels), dilations, shares, x.shape[2:]), self.stride)


def aggregate(
    kernels: Sequence[Tensor], dilations: Sequence[int], shares: Tensor, size: Sequence[int]
) -> Tensor:
    """One kernel whose convolution is the weighted sum of those of all kernels (DASH, equation 4).

    Args:
        kernels: [C', C / groups, *k], every k odd.
        dilations: of each.
        shares: of each, [n].
        size: of what is to be convolved. Taps that would meet nothing but the zeros around it are left out.

    Returns:
        [C', C / groups, *span], every span odd, the centre in the middle.
    """
    sums = {
        dilation: _sum_centred(
            [
                share * _within(kernel, dilation, size)
                for share, kernel, d in zip(shares, kernels, dilations, strict=True)
                if d == dilation
            ]
        )
        for dilation in set(dilations)
    }
    reach = [max(d * (k.shape[2 + axis] // 2) for d, k in sums.items()) for axis in range(len(size))]
    whole = kernels[0].new_zeros(*kernels[0].shape[:2], *(2 * r + 1 for r in reach))
    for dilation, kernel in sums.items():
        radii = [dilation * (n // 2) for n in kernel.shape[2:]]
        taps = [slice(r - radius, r + radius + 1, dilation) for r, radius in zip(reach, radii, strict=True)]
        whole[(slice(None), slice(None), *taps)] += kernel
    return whole


def convolve(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """A convolution that keeps the size, zeros around; of each channel for itself by a kernel [C, 1, *span].

    Args:
        x: [B, C, *size]
        kernel: [C', C, *span] or [C, 1, *span], every span odd, and at most 2 size - 1.
        stride: the step between positions that is given.

    Returns:
        [B, C', *ceil(size / stride)]
    """
    size, span = x.shape[2:], kernel.shape[2:]
    axes, radii = tuple(range(2, x.dim())), [n // 2 for n in span]
    if max(span) <= DIRECT:
        groups = x.shape[1] // kernel.shape[1]
        return CONVOLUTIONS[len(span)](x, kernel, None, stride, radii, groups=groups)
    period = [next_fast_len(n + r, real=True) for n, r in zip(size, radii, strict=True)]
    waves, filters = torch.fft.rfftn(x, period, axes), torch.fft.rfftn(kernel, period, axes).conj()
    if kernel.shape[1] == 1:
        product = waves * filters[:, 0]
    else:
        product = torch.einsum("bi...,oi...->bo...", waves, filters)
    whole = torch.fft.irfftn(product, period, axes).roll(radii, axes)
    return whole[(slice(None), slice(None), *(slice(0, n, stride) for n in size))]


def _within(kernel: Tensor, dilation: int, size: Sequence[int]) -> Tensor:
    """Those taps of a kernel that meet the data, centred as before."""
    for axis, n in enumerate(size, start=2):
        radius = kernel.shape[axis] // 2
        kept = min(radius, (n - 1) // dilation)
        kernel = kernel.narrow(axis, radius - kept, 2 * kept + 1)
    return kernel


def _sum_centred(kernels: Sequence[Tensor]) -> Tensor:
    """The sum of kernels of odd sizes, their centres together."""
    span = [max(kernel.shape[axis] for kernel in kernels) for axis in range(2, kernels[0].dim())]
    whole = kernels[0].new_zeros(*kernels[0].shape[:2], *span)
    for kernel in kernels:
        around = [
            (n - m) // 2
            for n, m in zip(reversed(span), reversed(kernel.shape[2:]), strict=True)
            for _ in range(2)
        ]
        whole = whole + F.pad(kernel, around)
    return whole
