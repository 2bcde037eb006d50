"""L2: the mean distance between the samples of two sets, the plainest measure that ORCA compares with."""

import torch
from torch import Tensor

from isthmus.alignment.distance import Distance, check_features, check_widths, distances


def l2(x: Tensor, y: Tensor) -> Tensor:
    """Compute the mean of ||x_i - y_j|| over all pairs, which is not zero from a set to itself.

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
    return torch.cdist(x, y.to(x)).mean().to(y)


@distances.register("l2")
def measure(features: Tensor, classes: Tensor) -> Distance:
    """Return L2 to a fixed source; classes are not read."""
    return lambda x_t, y_t: l2(features.detach(), x_t)
