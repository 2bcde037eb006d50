"""The maximum mean discrepancy (Gretton et al., "A kernel two-sample test", JMLR 2012)."""

from collections.abc import Callable

import torch
from torch import Tensor

from isthmus.alignment.distance import Distance, check_features, check_widths, distances
from isthmus.alignment.transport import squared_distances

KERNELS = 5  # Gaussian, each twice as wide as the one before


def mmd(x: Tensor, y: Tensor) -> Tensor:
    """The squared maximum mean discrepancy of two sets of samples under a sum of five Gaussian kernels.

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y), k(x, y) = sum over i = -2 .. 2 of
    exp(-||x - y||^2 / (2^i b)), with b the mean of ||z - z'||^2 over pairs of different samples of both
    sets. The gradient leaves b fixed: it belongs to the kernel.

    Args:
        x, y: [N, D], [M, D]

    Returns:
        A scalar of y's dtype, differentiable in both.

    Raises:
        InputError: if shapes or types do not fit.
    """
    return to_source(x)(y)


@distances.register("mmd")
def measure(features: Tensor, classes: Tensor) -> Distance:
    """MMD to a fixed source; classes are not read."""
    distance = to_source(features.detach())
    return lambda x_t, y_t: distance(x_t)


def to_source(x: Tensor) -> Callable[[Tensor], Tensor]:
    """MMD to a source, differentiable in it for one backward pass."""
    check_features("source", x)
    xx = squared_distances(x, x)

    def distance(y: Tensor) -> Tensor:
        check_features("target", y)
        check_widths(x, y)
        z = y.to(x)
        xy, yy = squared_distances(x, z), squared_distances(z, z)
        n = len(x) + len(y)
        bandwidth = (xx.sum() + yy.sum() + 2 * xy.sum()).detach() / (n * n - n)
        within_x, within_y, across = (mean_kernel(squares, bandwidth) for squares in (xx, yy, xy))
        return (within_x + within_y - 2 * across).to(y)

    return distance


def mean_kernel(squares: Tensor, bandwidth: Tensor) -> Tensor:
    """The mean of the summed kernels over squared distances [N, M]."""
    widest = 2 ** (KERNELS // 2) * bandwidth
    kernel = torch.exp(
        -squares / widest.clamp_min(torch.finfo(widest.dtype).tiny)
    )  # 0 if all samples are one
    total = kernel
    for _ in range(KERNELS - 1):
        kernel = kernel.square()  # half as wide
        total = total + kernel
    return total.mean()
