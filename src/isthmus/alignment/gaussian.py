"""The inner distance between classes as Gaussians: the Bures-Wasserstein distance."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus.alignment.class_distance import ClassDistance, Labelled, inner_distances


class Moments(NamedTuple):
    """Moments of a Gaussian: its mean [D], and a factor F [min(n, D), D] of its covariance F^T F."""

    mean: Tensor
    factor: Tensor


@inner_distances.register("gaussian")
def gaussian(source: Labelled) -> ClassDistance:
    """Compute W_2^2 between Gaussians, ||m_A - m_B||^2 + tr A + tr B - 2 tr (A^1/2 B A^1/2)^1/2.

    The moments are those of the empirical distributions (covariances divided by n), so that the
    distance is never above the exact one (Gelbrich 1990).
    """
    of_source = all_moments(source)

    def distance(target: Labelled, cost: NDArray[np.float64]) -> Tensor:
        of_target = all_moments(target)
        return torch.stack([torch.stack([squared_bures(a, b) for b in of_target]) for a in of_source])

    return distance


def all_moments(samples: Labelled) -> list[Moments]:
    """Compute the moments of each class."""
    x = samples.x.to("cpu", torch.float64)
    return [moments(x[torch.from_numpy(rows)]) for rows in samples.members]


def moments(x: Tensor) -> Moments:
    """Compute mean and covariance of samples [n, D].

    For n > D the centred samples are Q R with Q [n, D] orthonormal, and R = Q^T (Q R) is as good a
    factor. The distance depends on F^T F alone, so the gradient may leave Q fixed.
    """
    mean = x.mean(0)
    centred = (x - mean) / len(x) ** 0.5
    if len(x) > x.shape[1]:
        centred = torch.linalg.qr(centred.detach()).Q.T @ centred
    return Moments(mean, centred)


def squared_bures(a: Moments, b: Moments) -> Tensor:
    """Compute W_2^2 between two Gaussians.

    With A = F_A^T F_A and B = F_B^T F_B, the trace of (A^1/2 B A^1/2)^1/2 is the nuclear norm of F_A F_B^T.
    """
    variance = a.factor.square().sum() + b.factor.square().sum()
    return (a.mean - b.mean).square().sum() + variance - 2 * nuclear_norm(a.factor @ b.factor.T)


def nuclear_norm(matrix: Tensor) -> Tensor:
    """Compute the sum of singular values: the maximum of <G, matrix> over G of spectral norm 1.

    The maximiser is held fixed, by the envelope theorem again. Where singular values vanish it is not unique,
    and the least one is taken: their singular vectors are left out.
    """
    u, s, vh = torch.linalg.svd(matrix.detach(), full_matrices=False)
    rank = int((s > torch.finfo(s.dtype).eps * max(matrix.shape) * s[0]).sum())
    norm: Tensor = ((u[:, :rank] @ vh[:rank]) * matrix).sum()
    return norm
