"""A linear layer on fixed features."""

import torch
from torch import Generator

from isthmus.methods.cross_modal import CrossModal
from isthmus.methods.method import Batch, Loss, Step, methods
from isthmus.model import CrossModalNet


@methods.register("linear-probe")
class LinearProbe(CrossModal):
    """Only the predictor learns, on features of the net as it starts: how far the weights carry untouched.

    Without a target embedder that learns, it says most where the embedder starts as the backbone's own.
    """

    unused = ("gate", "source_predictor", "embedder", "backbone")

    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Descend the target loss alone; the features get no gradient."""
        with torch.no_grad():
            features = net.encode(net.embed_target(batch.x))
        output = net.predict_target(features)
        value = loss(output, batch.y).mean()
        return Step(value, output, {"loss": value})
