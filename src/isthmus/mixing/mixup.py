"""Mixup of tokens across modalities."""

from torch import Generator, Tensor

from isthmus.mixing.mixer import mixers


@mixers.register("mixup")
def mixup(
    target: Tensor,
    source: Tensor,
    fraction: float,
    *,
    target_scores: Tensor | None = None,
    source_scores: Tensor | None = None,
    layout: tuple[int, ...] | None = None,
    generator: Generator | None = None,
) -> tuple[Tensor, float]:
    """Average the tokens at the same place with weights (Zhang et al., ICLR 2018); nothing is drawn.

    Returns:
        (1 - fraction) target + fraction source, [B, L, D], and lambda = fraction. Of a source longer than
        the target its first L tokens are used.
    """
    return target.lerp(source[:, : target.shape[1]].to(target.dtype), fraction), fraction
