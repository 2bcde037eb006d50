"""Mixup and CutMix across modalities, the comparisons of PaRe's Table 4."""

from abc import ABC
from typing import ClassVar

import torch
from scipy.special import betaincinv
from torch import Generator, Tensor

from isthmus.errors import InputError
from isthmus.methods.mixing_method import MixingMethod
from isthmus.methods.registry import methods
from isthmus.mixing import mixers
from isthmus.model import CrossModalNet


class BetaMixing(MixingMethod, ABC):
    """A mixing method whose share of the source is drawn from Beta(alpha, alpha) for each batch.

    It has no gate and no curriculum.

    Args:
        alpha: Parameter of the Beta distribution; 1 draws every fraction with equal chance.
        beta_1: Weight of the target's loss.
        beta_2: Weight of the mixture's loss.
        target_weight: Weight of the mixture's target term; 0 leaves it out.
        source_weight: Weight of the mixture's source term; 0 leaves it out.
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
            raise InputError(f"{self.mixer}'s alpha is {alpha}; it is more than 0", key="method.alpha")
        super().__init__(beta_1, beta_2, target_weight, source_weight)
        self.alpha = alpha

    def mix(
        self, net: CrossModalNet, target: Tensor, source: Tensor, progress: float, generator: Generator
    ) -> tuple[Tensor, float]:
        """Mix by the drawn fraction."""
        uniform = torch.rand((), generator=generator, dtype=torch.float64)
        fraction = float(betaincinv(self.alpha, self.alpha, uniform.item()))
        return mixers[self.mixer](target, source, fraction, layout=net.embedder.layout, generator=generator)


@methods.register("mixup")
class Mixup(BetaMixing):
    """Weighted means of target and source tokens (Zhang et al., ICLR 2018; PaRe, Table 4)."""

    references = (
        "H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz (2018), mixup: beyond empirical risk "
        "minimization, ICLR",
        "L. Cai et al. (2024), Enhancing cross-modal fine-tuning with gradually intermediate "
        "modality generation, ICML",
    )

    mixer = "mixup"


@methods.register("cutmix")
class CutMix(BetaMixing):
    """Boxes of target tokens replaced by the source's (Yun et al., ICCV 2019; PaRe, Table 4)."""

    references = (
        "S. Yun et al. (2019), CutMix: regularization strategy to train strong classifiers with "
        "localizable features, ICCV",
        "L. Cai et al. (2024), Enhancing cross-modal fine-tuning with gradually intermediate "
        "modality generation, ICML",
    )

    mixer = "cutmix"
