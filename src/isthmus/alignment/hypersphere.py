"""How well features tell classes apart, by where they lie on the unit sphere.

Wang and Isola, "Understanding contrastive representation learning through alignment and uniformity on the
hypersphere", ICML 2020.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

SHARPNESS = 2.0  # t of the Gaussian potential


def closeness(features: Tensor, classes: Tensor) -> Tensor:
    """Compute how far samples of one class lie apart: the mean of ||u_i - u_j||^2 over pairs of one class.

    Args:
        features: Features [N, D], scaled to unit length here.
        classes: Class numbers [N].

    Returns:
        Scalar, 0 where no two samples are of one class.
    """
    pairs = classes[:, None] == classes
    pairs.fill_diagonal_(False)
    squares = _squares(features) * pairs
    return squares.sum() / max(1, int(pairs.sum()))


def uniformity(features: Tensor) -> Tensor:
    """Compute how unevenly samples lie on the sphere: log mean exp(-2 ||u_i - u_j||^2) over pairs.

    Args:
        features: Features [N, D], scaled to unit length here, N > 1.
    """
    count = len(features)
    others = ~torch.eye(count, dtype=torch.bool, device=features.device)
    potentials = -SHARPNESS * _squares(features)[others]
    return potentials.logsumexp(0) - math.log(count * (count - 1))


def _squares(features: Tensor) -> Tensor:
    """Return the squared distances [N, N] of features [N, D] scaled to unit length."""
    unit = F.normalize(features, dim=1)
    return 2 - 2 * (unit @ unit.T)
