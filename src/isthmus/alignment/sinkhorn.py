"""Transport regularised by entropy: the Sinkhorn divergence, as geomloss computes it.

Feydy et al., "Interpolating between optimal transport and MMD using Sinkhorn divergences", AISTATS 2019. The
regularisation falls from the square of the diameter to its value, by a quarter a step; each step averages old
and new potentials, and the last one carries the gradient. Nothing is iterated until it converges.
"""

import math

import torch
from torch import Tensor

QUARTER = 0.25


def temperatures(diameter: float, entropy: float) -> list[float]:
    """Return the regularisations of all steps.

    Args:
        diameter: Length of the diagonal of the box that holds all samples.
        entropy: Regularisation of the last step.
    """
    first = max(diameter**2, entropy)
    steps = math.ceil(math.log(first / entropy) / -math.log(QUARTER))
    return [first, *(first * QUARTER**step for step in range(steps)), entropy]


def diameter(*clouds: Tensor) -> float:
    """Compute the length of the diagonal of the box that holds clouds of samples [N_i, D]."""
    low = torch.stack([cloud.detach().amin(0) for cloud in clouds]).amin(0)
    high = torch.stack([cloud.detach().amax(0) for cloud in clouds]).amax(0)
    return float((high - low).norm())


def across(cost: Tensor, entropies: list[float]) -> tuple[Tensor, Tensor]:
    """Compute the potentials [N] and [M] of transport between uniform samples at a cost [N, M]."""
    fixed = cost.detach()
    f, g = _softmin(fixed, None, entropies[0]), _softmin(fixed.T, None, entropies[0])
    for entropy in entropies:
        f, g = (f + _softmin(fixed, g, entropy)) / 2, (g + _softmin(fixed.T, f, entropy)) / 2
    return _softmin(cost, g, entropies[-1]), _softmin(cost.T, f, entropies[-1])


def within(cost: Tensor, entropies: list[float]) -> Tensor:
    """Compute the potential [N] of transport from uniform samples to themselves, at a cost [N, N]."""
    fixed = cost.detach()
    f = _softmin(fixed, None, entropies[0])
    for entropy in entropies:
        f = (f + _softmin(fixed, f, entropy)) / 2
    return _softmin(cost, f, entropies[-1])


def _softmin(cost: Tensor, potential: Tensor | None, entropy: float) -> Tensor:
    """Compute -e log mean_j exp((g_j - C_ij) / e) for each row of a cost [N, M]."""
    exponent = -cost if potential is None else potential - cost
    soft: Tensor = torch.logsumexp(exponent / entropy, 1) - math.log(cost.shape[1])
    return -entropy * soft
