"""The mixer of PaRe: patch replacement by the scores of a learned gate (section 3.2)."""

from torch import Generator, Tensor

from isthmus.errors import InputError
from isthmus.mixing.mixer import mixers
from isthmus.mixing.replacement import place, replace_patches
from isthmus.mixing.selection import complement, count, gumbel_top_k

TEMPERATURE = 0.9  # of the relaxation, as in the published code


@mixers.register("gate")
def gate(
    target: Tensor,
    source: Tensor,
    fraction: float,
    *,
    target_scores: Tensor | None = None,
    source_scores: Tensor | None = None,
    layout: tuple[int, ...] | None = None,
    generator: Generator | None = None,
) -> tuple[Tensor, float]:
    """Replace the k lowest-scoring target tokens by the k highest-scoring source tokens.

    Scores that want a gradient are being learned, so the choice explores: tokens are drawn without
    replacement in proportion to their scores (Gumbel top-k), and the scores get a straight-through
    gradient. Scores that want none decide alone: `replace_patches`.

    Returns:
        Mixed tokens [B, L, D] and lambda = k / L.
    """
    if target_scores is None or source_scores is None:
        raise InputError("the gate mixer needs target_scores [B, L] and source_scores [B, M]")
    length = target.shape[1]
    k = count(fraction, length)
    if not (target_scores.requires_grad or source_scores.requires_grad):
        return replace_patches(target, source, target_scores, source_scores, k), k / length
    kept = gumbel_top_k(target_scores, length - k, TEMPERATURE, generator)
    taken = gumbel_top_k(source_scores, k, TEMPERATURE, generator)
    return place(target, source, complement(kept), taken), k / length
