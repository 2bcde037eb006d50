"""A weighted sum of convolutions of many kernel sizes and dilations, computed as one convolution."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional as F

MAX_DIRECT_SPAN = 9
"""Largest kernel that is convolved directly; wider ones are convolved in the Fourier domain."""

CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d}


class Choice(NamedTuple):
    """Shape of a convolution: an odd kernel size, and a dilation."""

    kernel: int
    dilation: int


class AggregatedConvolution(nn.Module):
    """All choices of one convolution at once (DASH, section 3.2): [B, C, *size] -> [B, C', *size / stride].

    Every choice has its own kernel, initialised as by He et al., and a weight: a Gumbel-softmax of the
    layer's preferences at temperature 1, drawn from torch's global generator in every forward pass.

    Args:
        before: Input channels.
        after: Output channels.
        stride: Stride of the output, whose size is rounded up.
        choices: Kernel sizes and dilations to choose from.
        dimensions: Number of dimensions, 1 or 2.
        separable: Whether each channel is convolved separately, after a 1 x 1 convolution where the number of
            channels changes.
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
        convolution = nn.Conv1d if dimensions == 1 else nn.Conv2d
        changes = separable and before != after
        self.pointwise = convolution(before, after, 1, bias=False) if changes else nn.Identity()
        self.kernels = nn.ParameterList(
            nn.init.kaiming_normal_(
                torch.empty(after, 1 if separable else before, *[choice.kernel] * dimensions)
            )
            for choice in self.choices
        )

    @property
    def preferred(self) -> Choice:
        """Choice with the highest preference."""
        return self.choices[int(self.preferences.argmax())]

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, *size] to [B, C', *ceil(size / stride)]."""
        x = self.pointwise(x)
        weights = F.gumbel_softmax(self.preferences, tau=1.0, dim=0)
        dilations = [choice.dilation for choice in self.choices]
        return convolve(x, aggregate(list(self.kernels), dilations, weights, x.shape[2:]), self.stride)


def aggregate(
    kernels: Sequence[Tensor], dilations: Sequence[int], weights: Tensor, size: Sequence[int]
) -> Tensor:
    """Compute one kernel whose convolution is the weighted sum of those of all kernels (DASH, equation 4).

    Args:
        kernels: Kernels [C', C / groups, *k], every k odd.
        dilations: Dilation of each kernel.
        weights: Weight of each kernel, [n].
        size: Size of the input of the convolution. Taps that would only meet the zero padding are left out.

    Returns:
        Kernel [C', C / groups, *span], every span odd, the centre in the middle.
    """
    sums = {
        dilation: _sum_centred(
            [
                weight * _crop(kernel, dilation, size)
                for weight, kernel, d in zip(weights, kernels, dilations, strict=True)
                if d == dilation
            ]
        )
        for dilation in set(dilations)
    }
    reach = [max(d * (k.shape[2 + axis] // 2) for d, k in sums.items()) for axis in range(len(size))]
    total = kernels[0].new_zeros(*kernels[0].shape[:2], *(2 * r + 1 for r in reach))
    for dilation, kernel in sums.items():
        radii = [dilation * (n // 2) for n in kernel.shape[2:]]
        taps = [slice(r - radius, r + radius + 1, dilation) for r, radius in zip(reach, radii, strict=True)]
        total[(slice(None), slice(None), *taps)] += kernel
    return total


def convolve(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """Convolve with zero padding so that the size is kept, up to the stride.

    Args:
        x: Input [B, C, *size].
        kernel: Kernel [C', C, *span], or [C, 1, *span] to convolve each channel separately; every span is
            odd, and at most 2 size - 1.
        stride: Step between output positions.

    Returns:
        Output [B, C', *ceil(size / stride)].
    """
    size, span = x.shape[2:], kernel.shape[2:]
    axes, radii = tuple(range(2, x.dim())), [n // 2 for n in span]
    if max(span) <= MAX_DIRECT_SPAN:
        groups = x.shape[1] // kernel.shape[1]
        return CONVOLUTIONS[len(span)](x, kernel, None, stride, radii, groups=groups)
    period = [next_fast_len(n + r, real=True) for n, r in zip(size, radii, strict=True)]
    waves, filters = torch.fft.rfftn(x, period, axes), torch.fft.rfftn(kernel, period, axes).conj()
    if kernel.shape[1] == 1:
        product = waves * filters[:, 0]
    else:
        product = torch.einsum("bi...,oi...->bo...", waves, filters)
    full: Tensor = torch.fft.irfftn(product, period, axes).roll(radii, axes)
    return full[(slice(None), slice(None), *(slice(0, n, stride) for n in size))]


def _crop(kernel: Tensor, dilation: int, size: Sequence[int]) -> Tensor:
    """Keep those taps of a kernel that meet the data, centred as before."""
    for axis, n in enumerate(size, start=2):
        radius = kernel.shape[axis] // 2
        kept = min(radius, (n - 1) // dilation)
        kernel = kernel.narrow(axis, radius - kept, 2 * kept + 1)
    return kernel


def _sum_centred(kernels: Sequence[Tensor]) -> Tensor:
    """Sum kernels of odd sizes, with their centres aligned."""
    span = [max(kernel.shape[axis] for kernel in kernels) for axis in range(2, kernels[0].dim())]
    total = kernels[0].new_zeros(*kernels[0].shape[:2], *span)
    for kernel in kernels:
        padding = [
            (n - m) // 2
            for n, m in zip(reversed(span), reversed(kernel.shape[2:]), strict=True)
            for _ in range(2)
        ]
        total = total + F.pad(kernel, padding)
    return total
