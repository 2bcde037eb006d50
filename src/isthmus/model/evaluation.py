"""The error of a network over a whole split."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics import Metric

from isthmus.errors import InputError
from isthmus.launchers import local_rank
from isthmus.tasks import Split, Task
from isthmus.tasks.metrics import metrics as metric_registry

BATCH_SIZE = 64
BATCH_BYTES = 2**28


def compute_device() -> torch.device:
    """Return the device that this process computes on."""
    if torch.cuda.is_available():
        return torch.device("cuda", local_rank())
    return torch.device("cpu")


@contextmanager
def on_device(net: nn.Module) -> Iterator[None]:
    """Move a network to the device that this process computes on, and back to the CPU afterwards."""
    net.to(compute_device())
    try:
        yield
    finally:
        net.cpu()


class EvaluationBatches:
    """The samples of a split in their own order, for one of several devices; the last batch may be short.

    A batch has 64 samples, or as many as make a quarter of a gigabyte if that is fewer.

    Args:
        split: Samples and targets.
        rank: Number of the device.
        world: Number of devices.
    """

    def __init__(self, split: Split, *, rank: int = 0, world: int = 1) -> None:
        self.split = split
        sample = split.x.dtype.itemsize * math.prod(split.x.shape[1:])
        self.batch_size = max(1, min(BATCH_SIZE, BATCH_BYTES // sample))
        self.index = np.arange(rank, len(split), world)

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(len(self.index) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield x [B, C, ...] and y [B, ...] of each batch."""
        for start in range(0, len(self.index), self.batch_size):
            index = self.index[start : start + self.batch_size]
            yield torch.from_numpy(self.split.x[index]), torch.from_numpy(self.split.y[index])


class MeanLoss(Metric):
    """Mean loss of a task over all samples.

    Args:
        task: Task that defines the loss.
    """

    losses: list[Tensor]

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task
        self.add_state("losses", [], dist_reduce_fx="cat")

    def update(self, output: Tensor, y: Tensor) -> None:
        """Add the losses of a batch."""
        self.losses.append(self.task.sample_losses(output, y))

    def compute(self) -> Tensor:
        """Return the mean."""
        return torch.cat(self.losses).mean()


def metrics_of(task: Task) -> dict[str, Metric]:
    """Return fresh metrics by name: the task's own, and its published reading where that differs."""
    return {
        name: metric_registry[name](task.output.channels) for name in (task.metric, task.reference) if name
    }


@torch.inference_mode()
def evaluate(
    net: nn.Module,
    task: Task,
    split: Split,
    metrics: Mapping[str, Metric] | None = None,
    each: Callable[[Tensor, Tensor, Tensor], None] | None = None,
) -> dict[str, float]:
    """Compute the error of a network over a whole split.

    Args:
        net: Network from samples to outputs; it is left in evaluation mode.
        task: Task of the split.
        split: Samples and targets.
        metrics: Fresh metrics by name; by default those of the task.
        each: Function that is called with the samples, outputs and targets of every batch, in their order.

    Returns:
        Value of each metric.

    Raises:
        InputError: If an output is NaN or infinite; says for which sample.
    """
    device = next(net.eval().parameters()).device
    found = metrics or metrics_of(task)
    batches = EvaluationBatches(split)
    for number, (x, y) in enumerate(batches):
        output = net(x.to(device)).cpu()
        bad = first_not_finite(output)
        if bad is not None:
            place = split.number(number * batches.batch_size + bad)
            raise InputError(
                not_finite_message(f"sample {place} of the {name_of(task, split)} data", x[bad]), key="x"
            )
        for metric in found.values():
            metric.update(output, y)
        if each is not None:
            each(x, output, y)
    return {name: float(metric.compute()) for name, metric in found.items()}


def first_not_finite(output: Tensor) -> int | None:
    """Return the first sample whose outputs [B, C', *size] are not all finite; None if all are."""
    bad = ~output.isfinite().flatten(1).all(1)
    return int(bad.int().argmax()) if bad.any() else None


def not_finite_message(name: str, sample: Tensor) -> str:
    """Return the message about a sample [C, ...] for which the network gives NaN or infinity."""
    return (
        f"the network gives NaN or infinity for {name}, whose values go from {sample.min():.4g} to "
        f"{sample.max():.4g}; look for a wrong value in it, or leave it out"
    )


def name_of(task: Task, split: Split) -> str:
    """Return what a split is called in messages: that which its samples are numbered in."""
    if split is task.validation and split.numbers is None:
        return "validation"
    return "training" if split in (task.train, task.validation) else "test"
