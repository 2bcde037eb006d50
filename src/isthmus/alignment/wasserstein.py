"""The squared 2-Wasserstein distance of two sets of samples, which no labels enter: `wasserstein`."""

import torch
from torch import Tensor

from isthmus.alignment.distance import Distance, check_features, check_widths, distances
from isthmus.alignment.transport import squared_moves, transport


def wasserstein(x: Tensor, y: Tensor) -> Tensor:
    """Compute the least mean of ||x_i - y_j||^2 at which the samples of one set are moved to the other's.

    Args:
        x: Samples [N, D].
        y: Samples [M, D].

    Returns:
        Scalar of y's dtype, differentiable in both.

    Raises:
        InputError: If shapes or types do not fit.
    """
    check_features("source", x)
    check_features("target", y)
    check_widths(x, y)
    a, b = x.double(), y.to(x.device).double()
    with torch.no_grad():
        cost = -2 * (a - a.mean(0)) @ (b - a.mean(0)).T  # squared norms are paid under every plan
    return squared_moves(transport(cost.cpu().numpy()), a, b).sum().to(y)


@distances.register("wasserstein")
def measure(features: Tensor, classes: Tensor) -> Distance:
    """Return the distance to a fixed source; classes are not read."""
    return lambda x_t, y_t: wasserstein(features.detach(), x_t)
