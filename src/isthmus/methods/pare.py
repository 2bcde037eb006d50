"""PaRe: training on intermediate modalities, from source-like to target-like (Cai et al., ICML 2024)."""

import torch
from torch import Generator, Tensor

from isthmus.errors import InputError
from isthmus.methods.mixing_method import MixingMethod
from isthmus.methods.registry import methods
from isthmus.mixing import curriculum as make_curriculum
from isthmus.mixing import mixers
from isthmus.model import CrossModalNet


@methods.register("pare")
class PaRe(MixingMethod):
    """Patch replacement along a curriculum (PaRe, section 3); lambda is k / L.

    Args:
        mixer: What builds the intermediate modality: `gate`, or `random` as the plain comparison.
        curriculum: How the fraction k / L goes from `start` to `end`.
        start: Fraction at the first step.
        end: Fraction at the last step.
        beta_1: Weight of the target's loss.
        beta_2: Weight of the mixture's loss.
        target_weight: Weight of the mixture's target term; 0 leaves it out.
        source_weight: Weight of the mixture's source term; 0 leaves it out.
        explore: First part of training, in which the gate draws (Gumbel top-k) and learns; after it the gate
            stays as it is and chooses plainly (published: 10 of 60 epochs).
    """

    references = (
        "L. Cai et al. (2024), Enhancing cross-modal fine-tuning with gradually intermediate "
        "modality generation, ICML",
    )

    frozen_parts = ()

    def __init__(
        self,
        *,
        mixer: str = "gate",
        curriculum: str = "linear",
        start: float = 0.6,
        end: float = 0.0,
        beta_1: float = 1.0,
        beta_2: float = 0.3,
        target_weight: float = 1.0,
        source_weight: float = 1.0,
        explore: float = 0.5,
    ) -> None:
        super().__init__(beta_1, beta_2, target_weight, source_weight)
        if not 0 <= explore <= 1:
            raise InputError(
                f"pare's explore is {explore}; a part of training lies in [0, 1]", key="method.explore"
            )
        self.mixer = mixers[mixer]
        self.fraction = make_curriculum(curriculum, start, end)
        self.explore = explore

    def mix(
        self, net: CrossModalNet, target: Tensor, source: Tensor, progress: float, generator: Generator
    ) -> tuple[Tensor, float]:
        """Replace as many tokens as the curriculum says, chosen by the gate."""
        with torch.set_grad_enabled(progress < self.explore):
            target_scores, source_scores = net.gate(target), net.gate(source)
        return self.mixer(
            target,
            source,
            self.fraction(progress),
            target_scores=target_scores,
            source_scores=source_scores,
            layout=net.embedder.layout,
            generator=generator,
        )
