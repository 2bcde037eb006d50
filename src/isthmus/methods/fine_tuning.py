"""Fine-tuning on the target alone, and the two methods that bound it from below."""

import torch
from torch import Generator

from isthmus.methods.cross_modal import CrossModalMethod
from isthmus.methods.method import Batch, Loss, Step
from isthmus.methods.registry import methods
from isthmus.model import CrossModalNet
from isthmus.tasks import Task


@methods.register("nft")
class NaiveFineTuning(CrossModalMethod):
    """Fine-tuning in one stage, in which everything learns: the row NFT of PaRe's Table 1."""

    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Compute the target loss."""
        output = net.predict_target(net.encode(net.embed_target(batch.x)))
        value = loss(output, batch.y).mean()
        return Step(value, output, {"loss": value})


@methods.register("scratch")
class Scratch(NaiveFineTuning):
    """Training from random weights: the floor that a pretrained backbone must beat."""

    is_pretrained = False

    def prepare(self, net: CrossModalNet, seed: int) -> None:
        """Draw the backbone's weights anew, and the embedder's, which started as the backbone's."""
        net.start_afresh(seed)
        super().prepare(net, seed)

    def fit_readout(self, net: CrossModalNet, task: Task) -> None:
        """Leave the features as they are: random ones have no scale that lasts."""


@methods.register("linear-probe")
class LinearProbe(CrossModalMethod):
    """Training of the predictor alone, on the features of the network as it starts.

    The target embedder does not learn either, so the result says most where the embedder starts as the
    backbone's own.
    """

    is_pretrained = False
    frozen_parts = ("gate", "source_predictor", "embedder", "backbone")

    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Compute the target loss; the features get no gradient."""
        with torch.no_grad():
            features = net.encode(net.embed_target(batch.x))
        output = net.predict_target(features)
        value = loss(output, batch.y).mean()
        return Step(value, output, {"loss": value})
