"""CutMix of tokens across modalities."""

import math

import torch
from torch import Generator, Tensor

from isthmus.mixing.mixer import mixers


@mixers.register("cutmix")
def cutmix(
    target: Tensor,
    source: Tensor,
    fraction: float,
    *,
    target_scores: Tensor | None = None,
    source_scores: Tensor | None = None,
    layout: tuple[int, ...] | None = None,
    generator: Generator | None = None,
) -> tuple[Tensor, float]:
    """Replace a box of tokens by the source's tokens of the same places (Yun et al., ICCV 2019, section 3).

    The box has the proportions of the layout and `fraction` of its tokens, as nearly as whole rows and
    columns allow, and lies anywhere inside with equal chance; a sequence loses a stretch. All samples
    share the box.

    Returns:
        Mixed tokens [B, L, D] and lambda, the exact share of the tokens that came from the source.
    """
    layout = layout or (target.shape[1],)
    extents = [round(fraction ** (1 / len(layout)) * length) for length in layout]
    corner = [
        int(torch.randint(length - extent + 1, (), generator=generator))
        for length, extent in zip(layout, extents, strict=True)
    ]
    box = torch.zeros(layout, dtype=torch.bool)
    box[tuple(slice(c, c + extent) for c, extent in zip(corner, extents, strict=True))] = True
    replaced = box.flatten()[:, None].to(target.device)
    mixed = torch.where(replaced, source[:, : target.shape[1]].to(target.dtype), target)
    return mixed, math.prod(extents) / math.prod(layout)
