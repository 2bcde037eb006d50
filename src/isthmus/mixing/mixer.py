"""What a mixer is, and the registry of mixers."""

from typing import TYPE_CHECKING, Protocol

from isthmus.registry import LazyRegistry

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Mixer(Protocol):
    """A function that builds an intermediate modality from target and source tokens."""

    def __call__(
        self,
        target: "Tensor",
        source: "Tensor",
        fraction: float,
        *,
        target_scores: "Tensor | None" = None,
        source_scores: "Tensor | None" = None,
        layout: tuple[int, ...] | None = None,
        generator: "Generator | None" = None,
    ) -> "tuple[Tensor, float]":
        """Mix target and source tokens.

        Args:
            target: Target tokens [B, L, D].
            source: Source tokens [B, M, D], M >= k.
            fraction: Fraction k / L of the result that comes from the source.
            target_scores: The gate's scores [B, L] of the target tokens; only a mixer that chooses by score
                reads them.
            source_scores: The gate's scores [B, M] of the source tokens.
            layout: Layout of the target tokens, (L,) or (rows, columns) in raster order; only a mixer that
                replaces neighbours reads it.
            generator: Generator of the random draws, on the CPU.

        Returns:
            The mixed tokens [B, L, D] and lambda, the source's share in the loss.
        """
        ...


mixers: LazyRegistry[Mixer] = LazyRegistry("mixer", "isthmus.mixing", variable="mixers")
