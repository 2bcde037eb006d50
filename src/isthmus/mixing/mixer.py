"""What a mixer is, and the registry of mixers."""

from typing import Protocol

from torch import Generator, Tensor

from isthmus.registry import Registry


class Mixer(Protocol):
    """Builds an intermediate modality from target and source tokens."""

    def __call__(
        self,
        target: Tensor,
        source: Tensor,
        fraction: float,
        *,
        target_scores: Tensor | None = None,
        source_scores: Tensor | None = None,
        layout: tuple[int, ...] | None = None,
        generator: Generator | None = None,
    ) -> tuple[Tensor, float]:
        """Mix.

        Args:
            target: [B, L, D]
            source: [B, M, D], M >= k
            fraction: k / L, how much of the result comes from the source.
            target_scores, source_scores: [B, L], [B, M], the gate's; only a mixer that chooses by
                score reads them.
            layout: of the target tokens, (L,) or (rows, columns) in raster order; only a mixer that
                replaces neighbours reads it.
            generator: of the random draws, on the CPU.

        Returns:
            The mixed tokens [B, L, D] and lambda, the source's share in the loss.
        """
        ...


mixers: Registry[Mixer] = Registry("mixer", "isthmus.mixing")
