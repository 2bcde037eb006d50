"""Crossings whose share of the source is drawn anew at every step: mixup and cutmix."""

from abc import ABC
from typing import ClassVar

import torch
from scipy.special import betaincinv
from torch import Generator, Tensor

from isthmus.errors import InputError
from isthmus.methods.crossing import Crossing
from isthmus.mixing import mixers
from isthmus.model import CrossModalNet


class BetaCrossing(Crossing, ABC):
    """The fraction is drawn from Beta(alpha, alpha) for each batch; no gate, no curriculum.

    Args:
        alpha: of the Beta distribution; 1 draws every fraction with equal chance.
        beta_1, beta_2, target_weight, source_weight: of the losses, as in `pare`.
    """

    mixer: ClassVar[str]

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        beta_1: float = 1.0,
        beta_2: float = 0.3,
        target_weight: float = 1.0,
        source_weight: float = 1.0,
    ) -> None:
        if alpha <= 0:
            raise InputError(f"{self.mixer}'s alpha is {alpha}; it is more than 0")
        super().__init__(beta_1, beta_2, target_weight, source_weight)
        self.alpha = alpha

    def mix(
        self, net: CrossModalNet, target: Tensor, source: Tensor, progress: float, generator: Generator
    ) -> tuple[Tensor, float]:
        """Mix by the drawn fraction."""
        uniform = torch.rand((), generator=generator, dtype=torch.float64)
        fraction = float(betaincinv(self.alpha, self.alpha, uniform.item()))
        return mixers[self.mixer](target, source, fraction, layout=net.embedder.layout, generator=generator)
