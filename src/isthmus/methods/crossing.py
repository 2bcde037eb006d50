"""A step over intermediate modalities: what PaRe, mixup and cutmix share."""

from abc import abstractmethod
from typing import Any, ClassVar

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from isthmus.errors import InputError
from isthmus.methods.cross_modal import CrossModal
from isthmus.methods.method import Batch, Loss, Step
from isthmus.model import CrossModalNet


class Crossing(CrossModal):
    """Learn from target samples and from mixtures with source samples.

    With lambda the share of the source in a mixture, and labels never mixed into one space:

        L_mix = (1 - lambda) L_tar(h_t(g(mixed)), y_t) + lambda L_src(h_s(g(mixed)), y_s)
        L     = beta_1 L_tar(h_t(g(f_t(x_t))), y_t) + beta_2 L_mix

    L_src is cross-entropy; of a source with masks, the mean over their points. (The published code compares
    the target's own dense output with the mask; here h_s is a dense head for itself.)

    Args:
        beta_1, beta_2: weights of the target's and of the mixture's loss.
        target_weight, source_weight: of the two terms of L_mix; 0 leaves one out.
    """

    mixes = True
    unused: ClassVar[tuple[str, ...]] = ("gate",)

    def __init__(self, beta_1: float, beta_2: float, target_weight: float, source_weight: float) -> None:
        weights = {
            "beta_1": beta_1,
            "beta_2": beta_2,
            "target_weight": target_weight,
            "source_weight": source_weight,
        }
        for name, value in weights.items():
            if value < 0:
                raise InputError(f"{name} is {value}; a loss weight is 0 or more")
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.target_weight, self.source_weight = target_weight, source_weight

    @abstractmethod
    def mix(
        self, net: CrossModalNet, target: Tensor, source: Tensor, progress: float, generator: Generator
    ) -> tuple[Tensor, float]:
        """The intermediate modality: tokens [B, L, D] of both -> mixed tokens [B, L, D] and lambda."""

    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Target batch and mixed batch go through the backbone in one pass."""
        assert batch.source_y is not None
        target, source = net.embed_target(batch.x), net.embed_source(batch.source_x)
        mixed, share = self.mix(net, target, source, progress, generator)
        of_target, of_mixed = net.encode(torch.cat([target, mixed])).chunk(2)
        output = net.predict_target(of_target)
        plain = loss(output, batch.y).mean()
        mixed_target = loss(net.predict_target(of_mixed), batch.y).mean()
        mixed_source = F.cross_entropy(net.source_predictor(of_mixed), batch.source_y)
        mixture = (1 - share) * self.target_weight * mixed_target + share * self.source_weight * mixed_source
        total = self.beta_1 * plain + self.beta_2 * mixture
        logs: dict[str, Any] = {
            "loss": total,
            "loss_target": plain,
            "loss_mixed_target": mixed_target,
            "loss_mixed_source": mixed_source,
            "lambda": share,
            "k": round(share * target.shape[1]),
        }
        return Step(total, output, logs)
