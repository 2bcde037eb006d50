"""Patch replacement: source tokens at the places of target tokens (PaRe, section 3.2)."""

import torch
from torch import Tensor

from isthmus.errors import InputError
from isthmus.mixing.selection import Selection, top_k


def replace_patches(
    target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor, k: int
) -> Tensor:
    """Put the k highest-scoring source tokens at the places of the k lowest-scoring target tokens.

    Both in their order along the sequence: the first of the chosen source tokens goes to the first
    of the freed places. Among equal scores the token that comes first is taken first.

    Args:
        target: [B, L, D]
        source: [B, M, D]
        target_scores: [B, L]
        source_scores: [B, M]
        k: how many, from 0 to min(L, M).

    Returns:
        [B, L, D]

    Raises:
        InputError: if the shapes do not fit or k is out of range.
    """
    _check(target, source, target_scores, source_scores, k)
    return place(target, source, top_k(-target_scores, k), top_k(source_scores, k))


def place(target: Tensor, source: Tensor, freed: Selection, taken: Selection) -> Tensor:
    """Move the `taken` tokens of source [B, M, D] to the `freed` places of target [B, L, D].

    In value a plain replacement. In gradient the masks multiply the tokens, mixed = target *
    (1 - freed.mask) + moved(source * taken.mask), so that a selection that carries a gradient gets
    one: from all target tokens through what is kept, from the chosen source tokens through what is taken.
    """
    mixed: Tensor = _Place.apply(target, source, freed.mask, taken.mask, freed.index, taken.index)
    return mixed


class _Place(torch.autograd.Function):
    """`place`, written out so that the tokens are passed over once forward and once backward."""

    @staticmethod
    def forward(ctx, target, source, freed_mask, taken_mask, freed, taken):  # type: ignore[no-untyped-def]
        places, origins = _rows(freed, target.shape[1]), _rows(taken, source.shape[1])
        moved = source.flatten(0, 1).index_select(0, origins)
        mixed = target.flatten(0, 1).index_copy(0, places, moved.to(target.dtype))
        ctx.save_for_backward(target, source, places, origins)
        return mixed.view_as(target)

    @staticmethod
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        target, source, places, origins = ctx.saved_tensors
        of_target = of_source = of_freed = of_taken = None
        rows = grad.flatten(0, 1)
        arrived = rows.index_select(0, places)
        if ctx.needs_input_grad[0]:
            of_target = rows.index_fill(0, places, 0.0).view_as(target)
        if ctx.needs_input_grad[1]:
            of_source = (
                torch.zeros_like(source).flatten(0, 1).index_copy_(0, origins, arrived).view_as(source)
            )
        if ctx.needs_input_grad[2]:
            of_freed = -torch.linalg.vecdot(grad, target)
        if ctx.needs_input_grad[3]:
            share = torch.linalg.vecdot(arrived, source.flatten(0, 1).index_select(0, origins))
            of_taken = share.new_zeros(source.shape[:2]).flatten().index_copy_(0, origins, share)
            of_taken = of_taken.view(source.shape[:2])
        return of_target, of_source, of_freed, of_taken, None, None


def _rows(index: Tensor, length: int) -> Tensor:
    """Positions [B, k] of each sample as rows of the samples laid end to end: [B * k]."""
    return (index + length * torch.arange(len(index), device=index.device)[:, None]).flatten()


def _check(target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor, k: int) -> None:
    for what, tokens, scores in (("target", target, target_scores), ("source", source, source_scores)):
        if tokens.dim() != 3 or scores.shape != tokens.shape[:2]:
            raise InputError(
                f"{what} tokens {list(tokens.shape)} and scores {list(scores.shape)}"
                " do not fit; expected [B, L, D] and [B, L]"
            )
    if target.shape[0] != source.shape[0] or target.shape[2] != source.shape[2]:
        raise InputError(
            f"target tokens {list(target.shape)} and source tokens {list(source.shape)}"
            " differ in batch or width"
        )
    most = min(target.shape[1], source.shape[1])
    if not 0 <= k <= most:
        raise InputError(f"k is {k}; it lies between 0 and the number of tokens, {most}")
