"""The method `noisy`: fine-tuning on inputs that noise is added to."""

import torch
from torch import Generator

from isthmus.errors import InputError
from isthmus.methods import Batch, Loss, Step, methods
from isthmus.methods.fine_tuning import NaiveFineTuning
from isthmus.model import CrossModalNet


@methods.register("noisy")
class NoisyFineTuning(NaiveFineTuning):
    """Fine-tuning in one stage on noisy inputs (Bishop 1995).

    Args:
        noise: Standard deviation of the noise, in those of a batch.
    """

    def __init__(self, *, noise: float = 0.1) -> None:
        if noise < 0:
            raise InputError(f"noise is {noise}; a deviation is 0 or more", key="method.noise")
        self.noise = noise

    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Add noise, and compute the target loss."""
        noise = self.noise * batch.x.std() * torch.randn(batch.x.shape, generator=generator).to(batch.x)
        return super().step(net, batch._replace(x=batch.x + noise), loss, progress, generator)
