"""Training batches of an epoch, drawn from (seed, epoch, step) alone."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor
from torch.utils.data import Dataset

from isthmus.methods import Batch
from isthmus.seeding import numpy_generator, torch_generator
from isthmus.sources import Source
from isthmus.tasks import Split
from isthmus.training.sampling import SAMPLINGS

AHEAD = 2
"""Batches that are made before they are asked for"""


class TrainingBatches(Dataset[Batch]):
    """The batches of one epoch by their number, for one of several devices.

    The training samples are passed over in a fresh order as often as `steps` batches need (or those of each
    class, where every class is to come equally often); a batch may span
    the end of one pass and the start of the next, so none is ever short. Every batch gets as many source
    samples, drawn at random. A batch depends on nothing but its number, so several processes can make them.

    Args:
        split: Training samples.
        source: Where source samples come from, or None if the method does not mix.
        batch_size: Target samples in a batch.
        steps: Number of batches in the epoch.
        seed: Seed of the draws.
        epoch: Number of the epoch.
        sampling: Name of the order of the samples, as in `SAMPLINGS`.
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
        sampling: str = "shuffled",
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.split, self.source = split, source
        self.seed, self.epoch, self.rank = seed, epoch, rank
        order = SAMPLINGS[sampling](split, steps * batch_size * world, numpy_generator(seed, epoch, "order"))
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
        changing = torch_generator(self.seed, self.epoch, step, self.rank, "source change")
        return Batch(x, y, self.source.draw(drawn, changing), self.source.labels(drawn), weights)


class MadeAhead:
    """Batches that a thread makes while the device works on those before them.

    Reading of files and copies release Python's lock, so that the device need not wait for either.

    Args:
        batches: Batches by their number.
        pin: Whether to put them into memory that a GPU reads by itself.
    """

    def __init__(self, batches: TrainingBatches, *, pin: bool = False) -> None:
        self.batches, self.pin = batches, pin

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches in their order."""
        with ThreadPoolExecutor(1, thread_name_prefix="batches") as thread:
            made: deque[Future[Batch]] = deque()
            for step in range(len(self) + AHEAD):
                if step < len(self):
                    made.append(thread.submit(self._make, step))
                if step >= AHEAD:
                    yield made.popleft().result()

    def _make(self, step: int) -> Batch:
        batch = self.batches[step]
        if not self.pin:
            return batch
        pinned = {
            name: part.pin_memory() for name, part in batch._asdict().items() if isinstance(part, Tensor)
        }
        return batch._replace(**pinned)
