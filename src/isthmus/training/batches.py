"""Training batches of an epoch, drawn from (seed, epoch, step) alone."""

import math

import numpy as np
import torch
from torch.utils.data import Dataset

from isthmus.methods import Batch
from isthmus.seeding import numpy_generator
from isthmus.sources import Source
from isthmus.tasks import Split


class TrainingBatches(Dataset[Batch]):
    """The batches of one epoch by their number, for one of several devices.

    The training samples are passed over in a fresh order as often as `steps` batches need; a batch may span
    the end of one pass and the start of the next, so none is ever short. Every batch gets as many source
    samples, drawn at random. A batch depends on nothing but its number, so several processes can make them.

    Args:
        split: Training samples.
        source: Where source samples come from, or None if the method does not mix.
        batch_size: Target samples in a batch.
        steps: Number of batches in the epoch.
        seed: Seed of the draws.
        epoch: Number of the epoch.
        rank: Number of the device; each gets batches of its own.
        world: Number of devices.
    """

    def __init__(
        self,
        split: Split,
        source: Source | None,
        batch_size: int,
        steps: int,
        *,
        seed: int,
        epoch: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.split, self.source = split, source
        self.seed, self.epoch, self.rank = seed, epoch, rank
        needed = steps * batch_size * world
        rng = numpy_generator(seed, epoch, "order")
        passes = math.ceil(needed / len(split))
        order = np.concatenate([rng.permutation(len(split)) for _ in range(passes)])[:needed]
        self.order = order.reshape(steps, world, batch_size)[:, rank]
        """Training samples of each batch: [steps, batch_size]"""

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.order)

    def __getitem__(self, step: int) -> Batch:
        """Return the batch of a step."""
        index = self.order[step]
        x, y = torch.from_numpy(self.split.x[index]), torch.from_numpy(self.split.y[index])
        weights = None if self.split.weights is None else torch.from_numpy(self.split.weights[index]).float()
        if self.source is None:
            return Batch(x, y, weights=weights)
        rng = numpy_generator(self.seed, self.epoch, step, self.rank, "source")
        drawn = rng.integers(len(self.source), size=len(index))
        return Batch(x, y, self.source.take(drawn), self.source.labels(drawn), weights)
