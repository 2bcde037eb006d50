"""Patch replacement: source tokens at the places of target tokens (PaRe, section 3.2).

Which tokens are replaced by which is decided by scores, or drawn with a gradient from which scores learn.
The mixers `gate`, `gate-published` and `random` put the two together.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from isthmus.errors import InputError
from isthmus.mixing.mixer import mixers
from isthmus.seeding import generator_on

TEMPERATURE = 0.9  # of the relaxation, as in the published code
EPSILON = 1e-6
NEWTON_STEPS = 12
MAX_MOVE = 4.0  # of the threshold per Newton step, in temperatures


class Selection(NamedTuple):
    """k tokens of each sample.

    Attributes:
        indices: Positions [B, k] of the chosen tokens, in their order along the sequence.
        mask: Mask [B, L], exactly 1 at the chosen tokens and 0 elsewhere; where it carries a gradient, that
            is the gradient of the relaxed selection (straight-through).
    """

    indices: Tensor
    mask: Tensor


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

    Scores that require a gradient are being learned, so the choice explores: tokens are drawn without
    replacement in proportion to their scores (Gumbel top-k), and the scores get a straight-through
    gradient. Scores that require none decide alone: `replace_patches`.

    Returns:
        Mixed tokens [B, L, D] and lambda = k / L, with k the nearest whole number to `fraction` of L.
    """
    return _gate(target, source, fraction, target_scores, source_scores, generator, gumbel_top_k)


@mixers.register("gate-published")
def gate_published(
    target: Tensor,
    source: Tensor,
    fraction: float,
    *,
    target_scores: Tensor | None = None,
    source_scores: Tensor | None = None,
    layout: tuple[int, ...] | None = None,
    generator: Generator | None = None,
) -> tuple[Tensor, float]:
    """Replace tokens as `gate` does, drawn as in PaRe's code while the gate learns: from scores plus noise.

    There the noise is added to the score itself and not to its logarithm, so no token is more than e times as
    likely as another: the gate hardly changes what is drawn.

    Returns:
        Mixed tokens [B, L, D] and lambda = k / L.
    """
    return _gate(target, source, fraction, target_scores, source_scores, generator, noisy_top_k)


def _gate(
    target: Tensor,
    source: Tensor,
    fraction: float,
    target_scores: Tensor | None,
    source_scores: Tensor | None,
    generator: Generator | None,
    draw: Callable[..., Selection],
) -> tuple[Tensor, float]:
    """Replace tokens by scores, drawn if the scores learn: draw(scores [B, L], k, temperature, generator)."""
    if target_scores is None or source_scores is None:
        raise InputError(
            "the gate mixer needs target_scores [B, L] and source_scores [B, M]",
            kind="missing",
            key="target_scores" if target_scores is None else "source_scores",
        )
    length = target.shape[1]
    k = int(fraction * length + 0.5)
    if not (target_scores.requires_grad or source_scores.requires_grad):
        return replace_patches(target, source, target_scores, source_scores, k), k / length
    kept = draw(target_scores, length - k, TEMPERATURE, generator)
    chosen = draw(source_scores, k, TEMPERATURE, generator)
    replaced = Selection(top_k(-kept.mask.detach(), k).indices, 1 - kept.mask)
    return move_tokens(target, source, *replaced, *chosen), k / length


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

    This is the plain comparison of PaRe, Table 5.

    Returns:
        Mixed tokens [B, L, D] and lambda = k / L.
    """
    target_scores, source_scores = (
        _uniform(tokens.shape[:2], tokens.device, generator) for tokens in (target, source)
    )
    return gate(target, source, fraction, target_scores=target_scores, source_scores=source_scores)


def replace_patches(
    target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor, k: int
) -> Tensor:
    """Put the k highest-scoring source tokens at the places of the k lowest-scoring target tokens.

    Both keep their order along the sequence: the first of the chosen source tokens goes to the first
    of the replaced places. Among equal scores the token that comes first is chosen first.

    Args:
        target: Target tokens [B, L, D].
        source: Source tokens [B, M, D].
        target_scores: Scores [B, L] of the target tokens.
        source_scores: Scores [B, M] of the source tokens.
        k: Number of tokens, from 0 to min(L, M).

    Returns:
        Mixed tokens [B, L, D].

    Raises:
        InputError: If the shapes do not fit or k is out of range.
    """
    for name, tokens, scores in (("target", target, target_scores), ("source", source, source_scores)):
        if tokens.dim() != 3 or scores.shape != tokens.shape[:2]:
            raise InputError(
                f"{name} tokens {list(tokens.shape)} and scores {list(scores.shape)}"
                " do not fit; expected [B, L, D] and [B, L]",
                kind="conflict",
                key=f"{name}_scores",
            )
    if target.shape[0] != source.shape[0] or target.shape[2] != source.shape[2]:
        raise InputError(
            f"target tokens {list(target.shape)} and source tokens {list(source.shape)}"
            " differ in batch or width",
            kind="conflict",
            key="source",
        )
    most = min(target.shape[1], source.shape[1])
    if not 0 <= k <= most:
        raise InputError(f"k is {k}; it lies between 0 and the number of tokens, {most}", key="k")
    return move_tokens(target, source, *top_k(-target_scores, k), *top_k(source_scores, k))


def top_k(scores: Tensor, k: int) -> Selection:
    """Select the k highest scores; among equal ones, those that come first.

    Args:
        scores: Scores [B, L].
        k: Number of tokens, from 0 to L.
    """
    indices = scores.sort(dim=1, descending=True, stable=True).indices[:, :k].sort(dim=1).values
    mask = torch.zeros_like(scores).scatter_(1, indices, 1.0)
    return Selection(indices, mask)


def gumbel_top_k(scores: Tensor, k: int, temperature: float, generator: Generator | None) -> Selection:
    """Draw k tokens without replacement with probabilities in proportion to their scores.

    The Gumbel-max trick for subsets (Kool et al., "Stochastic beams", ICML 2019): add Gumbel noise
    to the log-scores and take the k largest. The mask carries the gradient of `relaxed_top_k`.

    Args:
        scores: Scores [B, L] in (0, 1].
        k: Number of tokens, from 0 to L.
        temperature: Temperature of the relaxation.
        generator: Generator of the noise, on the CPU.
    """
    return noisy_top_k((scores + EPSILON).log(), k, temperature, generator)


def noisy_top_k(logits: Tensor, k: int, temperature: float, generator: Generator | None) -> Selection:
    """Add Gumbel noise to logits and select the k largest, with the gradient of `relaxed_top_k`.

    Xie and Ermon ("Reparameterizable subset sampling via continuous relaxations", IJCAI 2019) select the
    same tokens: theirs are the k largest sums of k successive softmaxes of the noisy logits.

    Args:
        logits: Logits [B, L].
        k: Number of tokens, from 0 to L.
        temperature: Temperature of the relaxation.
        generator: Generator of the noise, on the CPU.
    """
    uniform = _uniform(logits.shape, logits.device, generator).clamp_min(1e-20).to(logits)
    logits = logits - (EPSILON - uniform.log()).log()
    chosen = top_k(logits.detach(), k)
    soft = relaxed_top_k(logits, k, temperature)
    return Selection(chosen.indices, chosen.mask + (soft - soft.detach()))


def _uniform(shape: torch.Size, device: torch.device, generator: Generator | None) -> Tensor:
    """Draw numbers in [0, 1) on a device."""
    return torch.rand(shape, generator=generator_on(device, generator), device=device)


def relaxed_top_k(logits: Tensor, k: int, temperature: float) -> Tensor:
    """Select softly: sigmoid((logits - threshold) / temperature), with the sum of each row equal to k.

    This is the entropy-regularised projection onto the subsets of size k (Amos et al., "The limited
    multi-label projection layer", 2019). It replaces the k successive softmaxes of Xie and Ermon
    (2019): the same kind of mask from O(L) work and memory instead of O(k L).

    Args:
        logits: Logits [B, L].
        k: Sum of each row, from 0 to L.
        temperature: Temperature of the sigmoid.

    Returns:
        Soft mask [B, L] in [0, 1], differentiable in the logits, the threshold's own change included.
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


class _MoveTokens(torch.autograd.Function):
    """Move chosen source tokens [B, M, D] to the replaced places of target tokens [B, L, D].

    The value is a plain replacement. In the gradient the masks multiply the tokens, mixed = target *
    (1 - replaced mask) + moved(source * chosen mask), so that a selection that carries a gradient gets
    one: from all target tokens through those that are kept, from the chosen source tokens through those
    that arrive. The tokens are passed over once forward and once backward.
    """

    @staticmethod
    def forward(ctx, target, source, places, replaced_mask, origins, chosen_mask):  # type: ignore[no-untyped-def]
        sample = torch.arange(len(target), device=target.device)[:, None]
        places = (places + target.shape[1] * sample).flatten()  # rows of the samples laid end to end, [B * k]
        origins = (origins + source.shape[1] * sample).flatten()
        moved = source.flatten(0, 1).index_select(0, origins)
        mixed = target.flatten(0, 1).index_copy(0, places, moved.to(target.dtype))
        ctx.save_for_backward(target, source, places, origins)
        return mixed.view_as(target)

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        target, source, places, origins = ctx.saved_tensors
        of_target = of_source = of_replaced = of_chosen = None
        rows = grad.flatten(0, 1)
        arrived = rows.index_select(0, places)
        if ctx.needs_input_grad[0]:
            of_target = rows.index_fill(0, places, 0.0).view_as(target)
        if ctx.needs_input_grad[1]:
            of_source = (
                torch.zeros_like(source).flatten(0, 1).index_copy_(0, origins, arrived).view_as(source)
            )
        if ctx.needs_input_grad[3]:
            of_replaced = -torch.linalg.vecdot(grad, target)
        if ctx.needs_input_grad[5]:
            share = torch.linalg.vecdot(arrived, source.flatten(0, 1).index_select(0, origins))
            of_chosen = share.new_zeros(source.shape[:2]).flatten().index_copy_(0, origins, share)
            of_chosen = of_chosen.view(source.shape[:2])
        return of_target, of_source, None, of_replaced, None, of_chosen


move_tokens: Callable[..., Tensor] = _MoveTokens.apply
"""(target, source, *replaced places, *chosen source tokens) -> mixed tokens [B, L, D]"""
