"""The plain comparison: patch replacement of tokens chosen at random (PaRe, Table 5)."""

import torch
from torch import Generator, Tensor

from isthmus.mixing.mixer import mixers
from isthmus.mixing.replacement import replace_patches
from isthmus.mixing.selection import count


@mixers.register("random")
def random(
    target: Tensor,
    source: Tensor,
    fraction: float,
    *,
    target_scores: Tensor | None = None,
    source_scores: Tensor | None = None,
    layout: tuple[int, ...] | None = None,
    generator: Generator | None = None,
) -> tuple[Tensor, float]:
    """Replace k target tokens by k source tokens, every choice equally likely; scores are not read.

    Returns:
        Mixed tokens [B, L, D] and lambda = k / L.
    """
    k = count(fraction, target.shape[1])
    freed, taken = (
        torch.rand(tokens.shape[:2], generator=generator).to(tokens.device) for tokens in (target, source)
    )
    return replace_patches(target, source, freed, taken, k), k / target.shape[1]
