"""From which size on is one convolution with an aggregated kernel faster than the sum of the convolutions?

Forward and backward pass of a layer of DASH: kernels aggregated and convolved once, against the explicit sum
over the published kernel sizes and dilations, for series and pictures, each channel separately (as the search
does by default) and across all channels. Both must give the same output and gradients. Prints for each size
the ratio sum / aggregated of interleaved pairs, in CPU time, which depends less on other load, and the size
from which on it stays above one.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import product

import torch
from torch import Tensor

from isthmus.methods.specialists.aggregated_convolution import CONVOLUTIONS, aggregate, convolve
from isthmus.methods.specialists.dash import DILATIONS, KERNELS

BATCH = 16
SIZES = {1: (8, 16, 32, 64, 128, 256, 512, 1024), 2: (4, 8, 16, 32, 64)}
SMALLEST = {"pairs": 1, "channels": 2, "sizes": {1: (8,), 2: (4,)}}

Layer = Callable[[Tensor, Sequence[Tensor], Sequence[int], Tensor], Tensor]


def aggregated(x: Tensor, kernels: Sequence[Tensor], dilations: Sequence[int], weights: Tensor) -> Tensor:
    """Convolve once with the aggregated kernel."""
    return convolve(x, aggregate(kernels, dilations, weights, x.shape[2:]))


def explicit(x: Tensor, kernels: Sequence[Tensor], dilations: Sequence[int], weights: Tensor) -> Tensor:
    """Sum the convolutions one by one, as the floor."""
    total = torch.zeros(())
    groups = x.shape[1] // kernels[0].shape[1]
    for kernel, dilation, weight in zip(kernels, dilations, weights, strict=True):
        padding = dilation * (kernel.shape[2] // 2)
        total = total + weight * CONVOLUTIONS[x.dim() - 2](x, kernel, None, 1, padding, dilation, groups)
    return total


def step(layer: Layer, x: Tensor, kernels: list[Tensor], dilations: list[int]) -> tuple[float, list[Tensor]]:
    """Run one forward and backward pass.

    Returns:
        CPU seconds; the output and the gradients of input and kernels.
    """
    leaves = [leaf.clone().requires_grad_() for leaf in (x, *kernels)]
    weights = torch.linspace(1, 2, len(kernels)).softmax(0)
    start = time.process_time()
    output = layer(leaves[0], leaves[1:], dilations, weights)
    output.backward(output.detach())
    seconds = time.process_time() - start
    return seconds, [output.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]


def compare(dimensions: int, size: int, channels: int, separable: bool, pairs: int) -> float:
    """Check that both agree, measure them in turn, print and return the median ratio."""
    generator = torch.Generator().manual_seed(0)
    choices = list(product(KERNELS[dimensions], DILATIONS))
    dilations = [dilation for _, dilation in choices]
    x = torch.randn(BATCH, channels, *[size] * dimensions, generator=generator)
    each = 1 if separable else channels
    kernels = [
        torch.randn(channels, each, *[kernel] * dimensions, generator=generator) / kernel**dimensions
        for kernel, _ in choices
    ]
    for actual, expected in zip(
        *(step(layer, x, kernels, dilations)[1] for layer in (aggregated, explicit)), strict=True
    ):
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
    seconds = [
        (step(aggregated, x, kernels, dilations)[0], step(explicit, x, kernels, dilations)[0])
        for _ in range(pairs)
    ]
    ratios = sorted(slow / fast for fast, slow in seconds)
    ours = statistics.median(fast for fast, _ in seconds)
    print(
        f"  {' x '.join([str(size)] * dimensions)}: ours {1e3 * ours:.1f} ms, sum / aggregated"
        f" {statistics.median(ratios):.2f}x ({ratios[0]:.2f} - {ratios[-1]:.2f}, {pairs} pairs)",
        flush=True,
    )
    return statistics.median(ratios)


def main() -> None:
    """Print the ratios by size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    parser.set_defaults(sizes=SIZES)
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    channels = arguments.channels
    print(f"B={BATCH} C={channels}, forward + backward, {torch.get_num_threads()} threads")
    for dimensions, separable in product((1, 2), (True, False)):
        data = "series" if dimensions == 1 else "pictures"
        channel_mode = "each channel separately" if separable else "across all channels"
        print(f"{data}, {channel_mode}, {len(KERNELS[dimensions]) * len(DILATIONS)} kernels")
        ratios = {
            size: compare(dimensions, size, channels, separable, arguments.pairs)
            for size in arguments.sizes[dimensions]
        }
        slower = [size for size, ratio in ratios.items() if ratio <= 1]
        faster = [size for size in ratios if size > max(slower, default=0)]
        print(f"  faster from {faster[0]} on" if faster else "  not faster")


if __name__ == "__main__":
    main()
