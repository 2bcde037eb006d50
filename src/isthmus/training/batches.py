"""Batches of an epoch, drawn from (seed, epoch, step) alone."""

import math
from collections.abc import Iterator

import numpy as np
import torch

from isthmus.methods import Batch
from isthmus.seeding import numpy_generator
from isthmus.sources import Source
from isthmus.tasks import Split

EVALUATION_BATCH = 64
EVALUATION_BYTES = 2**28


class TrainingBatches:
    """The batches of one epoch, for one of several devices.

    The training samples are passed over in a fresh order as often as `steps` batches need; a batch
    may span the end of one pass and the start of the next, so none is ever short. Every batch gets as many
    source samples, drawn at random.

    Args:
        split: training data.
        source: where source samples come from, or None if the method does not mix.
        batch_size: target samples in a batch.
        steps: batches in the epoch.
        seed, epoch: of the draws.
        rank, world: which of how many devices; each gets batches of its own.
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
        self.batch_size, self.steps = batch_size, steps
        self.seed, self.epoch, self.rank, self.world = seed, epoch, rank, world

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        for step, index in enumerate(self.order()):
            x, y = torch.from_numpy(self.split.x[index]), torch.from_numpy(self.split.y[index])
            if self.source is None:
                yield Batch(x, y)
                continue
            rng = numpy_generator(self.seed, self.epoch, step, self.rank, "source")
            drawn = rng.integers(len(self.source), size=self.batch_size)
            yield Batch(x, y, self.source.take(drawn), self.source.labels(drawn))

    def order(self) -> np.ndarray:
        """Which training samples make up each batch: [steps, batch_size]."""
        needed = self.steps * self.batch_size * self.world
        rng = numpy_generator(self.seed, self.epoch, "order")
        passes = math.ceil(needed / len(self.split))
        order = np.concatenate([rng.permutation(len(self.split)) for _ in range(passes)])[:needed]
        return order.reshape(self.steps, self.world, self.batch_size)[:, self.rank]


class EvaluationBatches:
    """A split in its own order, for one of several devices; the last batch may be short.

    A batch is of 64 samples, or of as many as make a quarter of a gigabyte if that is fewer.
    """

    def __init__(self, split: Split, *, rank: int = 0, world: int = 1) -> None:
        self.split = split
        sample = split.x.dtype.itemsize * math.prod(split.x.shape[1:])
        self.batch_size = max(1, min(EVALUATION_BATCH, EVALUATION_BYTES // sample))
        self.index = np.arange(rank, len(split), world)

    def __len__(self) -> int:
        return math.ceil(len(self.index) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        for start in range(0, len(self.index), self.batch_size):
            index = self.index[start : start + self.batch_size]
            yield Batch(torch.from_numpy(self.split.x[index]), torch.from_numpy(self.split.y[index]))
