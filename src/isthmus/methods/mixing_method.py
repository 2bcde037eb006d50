"""Base class of the methods that mix target and source tokens: a step with a loss for each label (PaRe)."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from isthmus.backbones import load_classifier
from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods.cross_modal import CrossModalMethod
from isthmus.methods.method import Batch, Loss, Step
from isthmus.model import CrossModalNet
from isthmus.sources import Source
from isthmus.tasks import Task


class MixingMethod(CrossModalMethod):
    """A method that learns from target samples and from mixtures of their tokens with a source's.

    With lambda the share of the source in a mixture, and labels never mixed into one space:

        L_mix = (1 - lambda) L_tar(h_t(g(mixed)), y_t) + lambda L_src(h_s(g(mixed)), y_s)
        L     = beta_1 L_tar(h_t(g(f_t(x_t))), y_t) + beta_2 L_mix

    L_src is cross-entropy; for a source with masks, the mean over their points. (The published code compares
    the target's own dense output with the mask; here h_s is a dense head of its own.)

    Args:
        beta_1: Weight of the target's loss.
        beta_2: Weight of the mixture's loss.
        target_weight: Weight of the first term of L_mix; 0 leaves it out.
        source_weight: Weight of the second term of L_mix; 0 leaves it out.
    """

    settings = CrossModalMethod.settings | {"source", "source_labels"}
    frozen_parts: ClassVar[tuple[str, ...]] = ("gate",)

    def __init__(self, beta_1: float, beta_2: float, target_weight: float, source_weight: float) -> None:
        weights = {
            "beta_1": beta_1,
            "beta_2": beta_2,
            "target_weight": target_weight,
            "source_weight": source_weight,
        }
        for name, value in weights.items():
            if value < 0:
                raise InputError(f"{name} is {value}; a loss weight is 0 or more", key=f"method.{name}")
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.target_weight, self.source_weight = target_weight, source_weight

    def build(self, config: RunConfig, task: Task, source: Source | None = None) -> CrossModalNet:
        """Build the net; a source under the backbone's own labels is first predicted by its classifier."""
        net = super().build(config, task, source)
        if config.model.source_labels == "own":
            net.source_predictor.start_from(load_classifier(config.model.backbone))
        return net

    @abstractmethod
    def mix(
        self, net: CrossModalNet, target: Tensor, source: Tensor, progress: float, generator: Generator
    ) -> tuple[Tensor, float]:
        """Make the intermediate modality: tokens [B, L, D] of both -> mixed tokens [B, L, D] and lambda."""

    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Compute L; the target batch and the mixed batch go through the backbone in one pass."""
        assert batch.source_y is not None
        target, source = net.embed_target(batch.x), net.embed_source(batch.source_x)
        mixed, share = self.mix(net, target, source, progress, generator)
        stages = [stage.chunk(2) for stage in net.encode(torch.cat([target, mixed]))]
        target_features, mixed_features = [first for first, _ in stages], [second for _, second in stages]
        output = net.predict_target(target_features)
        plain = loss(output, batch.y).mean()
        mixed_target = loss(net.predict_target(mixed_features), batch.y).mean()
        mixed_source = F.cross_entropy(net.source_predictor(mixed_features), batch.source_y)
        mixture = (1 - share) * self.target_weight * mixed_target + share * self.source_weight * mixed_source
        total = self.beta_1 * plain + self.beta_2 * mixture
        logs: dict[str, float | Tensor] = {
            "loss": total,
            "loss_target": plain,
            "loss_mixed_target": mixed_target,
            "loss_mixed_source": mixed_source,
            "lambda": share,
            "k": round(share * target.shape[1]),
        }
        return Step(total, output, logs)
