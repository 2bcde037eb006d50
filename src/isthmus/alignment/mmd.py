"""The maximum mean discrepancy (Gretton et al., "A kernel two-sample test", JMLR 2012)."""

from collections.abc import Callable

import torch
from torch import Tensor

from isthmus.alignment.distance import Distance, check_features, check_widths, distances

KERNELS = 5  # Gaussian, each twice as wide as the one before


def mmd(x: Tensor, y: Tensor) -> Tensor:
    """Compute the squared maximum mean discrepancy of two sets under a sum of five Gaussian kernels.

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y), k(x, y) = sum over i = -2 .. 2 of
    exp(-||x - y||^2 / (2^i b)), with b the mean of ||z - z'||^2 over pairs of different samples of both
    sets. The gradient leaves b fixed: it belongs to the kernel.

    Args:
        x: Samples [N, D].
        y: Samples [M, D].

    Returns:
        Scalar of y's dtype, differentiable in both.

    Raises:
        InputError: If shapes or types do not fit.
    """
    return to_source(x)(y)


@distances.register("mmd")
def measure(features: Tensor, classes: Tensor) -> Distance:
    """Return MMD to a fixed source; classes are not read."""
    distance = to_source(features.detach())
    return lambda x_t, y_t: distance(x_t)


def to_source(x: Tensor) -> Callable[[Tensor], Tensor]:
    """Return MMD to a source, differentiable in the source for one backward pass."""
    check_features("source", x)
    centre = x.detach().mean(0)  # distances are the same from any origin, and lose fewest digits near it
    around = x - centre
    xx = squared_distances(around, around)

    def distance(y: Tensor) -> Tensor:
        check_features("target", y)
        check_widths(x, y)
        y_around = y.to(x) - centre
        xy, yy = squared_distances(around, y_around), squared_distances(y_around, y_around)
        n = len(x) + len(y)
        bandwidth = (xx.sum() + yy.sum() + 2 * xy.sum()).detach() / (n * n - n)
        within_x, within_y, across = (mean_kernel(squares, bandwidth) for squares in (xx, yy, xy))
        return (within_x + within_y - 2 * across).to(y)

    return distance


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Compute ||x_i - y_j||^2 for every pair of x [N, D] and y [M, D]: [N, M]."""
    squares = x.square().sum(1)[:, None] + y.square().sum(1)
    return squares.addmm(x, y.T, alpha=-2).clamp_min(0)


def mean_kernel(squares: Tensor, bandwidth: Tensor) -> Tensor:
    """Compute the mean of the summed kernels over squared distances [N, M]."""
    widest = 2 ** (KERNELS // 2) * bandwidth
    kernel = torch.exp(-squares / widest.where(widest > 0, 1))  # 0 if all samples are one
    total = kernel
    for _ in range(KERNELS - 1):
        kernel = kernel.square()  # half as wide
        total = total + kernel
    return total.mean()
