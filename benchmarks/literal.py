"""The mixing of the published method, written down step by step: the baseline of our measurements.

k successive softmaxes, each masking the tokens taken before (Xie and Ermon, "Reparameterizable subset
sampling via continuous relaxations", IJCAI 2019), made hard by straight-through; then a copy per sample.
"""

import torch
from torch import Generator, Tensor

TEMPERATURE = 0.9


def subset(scores: Tensor, k: int, generator: Generator | None = None) -> Tensor:
    """Draw a mask [B, L] of k tokens, with Gumbel noise on the scores [B, L]."""
    uniform = torch.rand(scores.shape, generator=generator).clamp_min(1e-20)
    keys = scores - (-uniform.log()).log()
    soft, taken = torch.zeros_like(scores), torch.zeros_like(scores)
    for _ in range(k):
        keys = keys + (1 - taken).clamp_min(1e-20).log()
        taken = (keys / TEMPERATURE).softmax(1)
        soft = soft + taken
    hard = torch.zeros_like(scores).scatter_(1, soft.topk(k, dim=1).indices, 1.0)
    return hard - soft.detach() + soft


def mixer(
    target: Tensor,
    source: Tensor,
    fraction: float,
    *,
    target_scores: Tensor,
    source_scores: Tensor,
    layout: tuple[int, ...] | None = None,
    generator: Generator | None = None,
) -> tuple[Tensor, float]:
    """Compute the mixture [B, L, D] and lambda, one sample at a time."""
    length = target.shape[1]
    k = int(fraction * length + 0.5)
    kept = subset(target_scores, length - k, generator)
    taken = subset(source_scores, k, generator)
    kept_tokens, taken_tokens = target * kept[..., None], source * taken[..., None]
    mixed = []
    for b in range(len(target)):
        sample = kept_tokens[b].clone()
        sample[kept[b] < 0.5] = taken_tokens[b][taken[b] > 0.5]
        mixed.append(sample)
    return torch.stack(mixed), k / length
