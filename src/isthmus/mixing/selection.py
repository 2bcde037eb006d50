"""Which tokens are taken: the k highest scores, with noise to explore and a gradient to learn from."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

EPSILON = 1e-6
NEWTON_STEPS = 12
MAX_MOVE = 4.0  # of the threshold per Newton step, in temperatures


@dataclass(frozen=True, eq=False)
class Selection:
    """k tokens of each sample.

    Attributes:
        index: [B, k] positions of the chosen tokens, in their order along the sequence.
        mask: [B, L], exactly 1 at the chosen tokens and 0 elsewhere; where gradients flow, they
            are those of the relaxed selection (straight-through).
    """

    index: Tensor
    mask: Tensor


def count(fraction: float, length: int) -> int:
    """k, the nearest whole number of tokens to `fraction` of `length`."""
    return int(fraction * length + 0.5)


def top_k(scores: Tensor, k: int) -> Selection:
    """The k highest scores; among equal ones, those that come first.

    Args:
        scores: [B, L]
    """
    index = scores.sort(dim=1, descending=True, stable=True).indices[:, :k].sort(dim=1).values
    mask = torch.zeros_like(scores).scatter_(1, index, 1.0)
    return Selection(index, mask)


def complement(chosen: Selection) -> Selection:
    """The tokens that were not chosen."""
    length, k = chosen.mask.shape[1], chosen.index.shape[1]
    taken = torch.zeros_like(chosen.mask, dtype=torch.uint8).scatter_(1, chosen.index, 1)
    index = taken.sort(dim=1, stable=True).indices[:, : length - k]  # the zeros first, in order
    return Selection(index, 1 - chosen.mask)


def gumbel_top_k(scores: Tensor, k: int, temperature: float, generator: Generator | None) -> Selection:
    """K tokens drawn without replacement with probabilities in proportion to their scores.

    The Gumbel-max trick for subsets (Kool et al., "Stochastic beams", ICML 2019): add Gumbel noise
    to the log-scores and take the k largest. The mask carries the gradient of `relaxed_top_k`.

    Args:
        scores: [B, L], in (0, 1].
        temperature: of the relaxation.
        generator: of the noise, on the CPU, so that a seed means the same on every device.
    """
    uniform = torch.rand(scores.shape, generator=generator).clamp_min(1e-20).to(scores)
    logits = (scores + EPSILON).log() - (EPSILON - uniform.log()).log()
    chosen = top_k(logits.detach(), k)
    soft = relaxed_top_k(logits, k, temperature)
    return Selection(chosen.index, chosen.mask + (soft - soft.detach()))


def relaxed_top_k(logits: Tensor, k: int, temperature: float) -> Tensor:
    """The soft selection: sigmoid((logits - threshold) / temperature), with the sum of each row equal to k.

    This is the entropy-regularised projection onto the subsets of size k (Amos et al., "The limited
    multi-label projection layer", 2019). It replaces the k successive softmaxes of Xie and Ermon
    (2019): the same kind of mask from O(L) work and memory instead of O(k L).

    Args:
        logits: [B, L]

    Returns:
        [B, L] in [0, 1], differentiable in the logits, the threshold's own change included.
    """
    if k in (0, logits.shape[1]):
        return (logits * 0 + float(k > 0)).clamp(0, 1)
    with torch.no_grad():
        scaled = logits / temperature
        ordered = scaled.sort(dim=1, descending=True).values
        threshold = (ordered[:, k - 1 : k] + ordered[:, k : k + 1]) / 2
        for _ in range(NEWTON_STEPS):
            soft = torch.sigmoid(scaled - threshold)
            slope = (soft * (1 - soft)).sum(1, keepdim=True).clamp_min(1e-4)
            threshold = threshold + ((soft.sum(1, keepdim=True) - k) / slope).clamp(-MAX_MOVE, MAX_MOVE)
        soft = torch.sigmoid(scaled - threshold)
        weight = soft * (1 - soft)
        weight = weight / weight.sum(1, keepdim=True).clamp_min(1e-12)
    # The threshold moves with the logits as their weighted mean does: the implicit function theorem.
    mean = (weight * logits).sum(1, keepdim=True) / temperature
    return torch.sigmoid(logits / temperature - threshold - (mean - mean.detach()))
