"""Training loops of architecture searches: gradient steps on seeded batches, and bilevel optimisation."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

from isthmus.config.schema import RunConfig
from isthmus.model import Net
from isthmus.seeding import numpy_generator, torch_generator
from isthmus.tasks import Split, Task, split_validation

MOMENTUM, WEIGHT_DECAY, MAX_GRAD_NORM = 0.9, 3e-4, 5.0
"""Settings of SGD in bilevel optimisation."""

EVALUATION_BATCH = 64


def move_to_device(net: Net) -> Net:
    """Move a network to the GPU if there is one, else to the CPU, in place."""
    return net.to("cuda" if torch.cuda.is_available() else "cpu")


def batch_loss(net: Net, task: Task, split: Split, index: np.ndarray, generator: Generator) -> Tensor:
    """Compute the mean loss of one training batch, on the network's device.

    Args:
        net: Network to apply.
        task: Task that defines the loss and the augmentation.
        split: Samples to take the batch from.
        index: Indices of the batch in the split: [B].
        generator: Generator of the augmentation's random draws.
    """
    device = net.x_mean.device
    x, y = (torch.from_numpy(np.asarray(array[index])) for array in (split.x, split.y))
    if task.augment is not None:
        x, y = task.augment(x, y, generator)
    return task.sample_losses(net(x.to(device)), y.to(device)).mean()


def minimize(
    net: Net,
    step_loss: Callable[[int], Tensor],
    optimizer: Optimizer,
    scheduler: LRScheduler,
    *,
    steps: int,
    max_grad_norm: float | None,
    after_step: Callable[[int], None] | None = None,
) -> None:
    """Train a network in place; stop early at the first loss that is not finite.

    Args:
        net: Network to train; it is set to training mode.
        step_loss: Function from the number of a step, from 0 on, to its loss.
        optimizer: Optimizer of the network's parameters.
        scheduler: Learning rate schedule, advanced once a step.
        steps: Number of steps.
        max_grad_norm: Norm to which longer gradients are clipped; None to leave them as they are.
        after_step: Function called with the number of each step after it was made.
    """
    net.train()
    for step in range(steps):
        loss = step_loss(step)
        if not loss.isfinite():
            return
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        if max_grad_norm is not None:
            nn.utils.clip_grad_norm_(net.parameters(), max_grad_norm)
        optimizer.step()
        scheduler.step()
        if after_step is not None:
            after_step(step)


def minimize_bilevel(
    net: Net,
    update_architecture: Callable[[Tensor], None],
    task: Task,
    train: Split,
    config: RunConfig,
    *,
    steps: int,
    warmup: float,
    lr: float,
) -> None:
    """Train weights on one half of the training data, in turn with the architecture on the other half.

    First-order bilevel optimisation (Liu et al., DARTS, ICLR 2019, section 2.3 with xi = 0). Weights are
    trained by SGD with momentum 0.9, weight decay 3e-4, gradients clipped to norm 5, and a learning rate that
    falls by half a cosine.

    Args:
        net: Network whose parameters are the weights, trained in place; the architecture is none of them.
        update_architecture: Function that makes one step of the architecture, given its loss.
        task: Task that defines the loss.
        train: Training data, split in halves by the seed.
        config: Run configuration that gives batch size and seed.
        steps: Number of steps of the weights.
        warmup: Fraction of the steps, at the beginning, in which the architecture is not updated, since
            untrained weights cannot tell architectures apart.
        lr: Highest learning rate of the weights.

    Raises:
        InputError: If there are too few samples to halve.
    """
    weights_data, architecture_data = split_validation(train, 0.5, config.seed, task.stratified)
    assert architecture_data is not None
    halves = weights_data, architecture_data
    move_to_device(net)
    optimizer = SGD(net.parameters(), lr, MOMENTUM, weight_decay=WEIGHT_DECAY)

    def loss_on(half: int, step: int) -> Tensor:
        seed_parts = (config.seed, step, half, "search")
        order = numpy_generator(*seed_parts).permutation(len(halves[half]))
        return batch_loss(
            net, task, halves[half], order[: config.data.batch_size], torch_generator(*seed_parts)
        )

    def step_architecture(step: int) -> None:
        if step >= warmup * steps:
            update_architecture(loss_on(1, step))

    minimize(
        net,
        lambda step: loss_on(0, step),
        optimizer,
        CosineAnnealingLR(optimizer, steps),
        steps=steps,
        max_grad_norm=MAX_GRAD_NORM,
        after_step=step_architecture,
    )


@torch.no_grad()
def error_and_loss(net: Net, task: Task, split: Split) -> tuple[float, float]:
    """Return the task's error and mean loss over a split; both are infinite if either is not finite."""
    device, metric, losses = net.x_mean.device, task.new_metric(), []
    metric.to(device)
    net.eval()
    for start in range(0, len(split), EVALUATION_BATCH):
        index = np.arange(start, min(start + EVALUATION_BATCH, len(split)))
        x, y = (torch.from_numpy(array[index]).to(device) for array in (split.x, split.y))
        output = net(x)
        losses.append(task.sample_losses(output, y))
        metric.update(output, y)
    error, loss = float(metric.compute()), float(torch.cat(losses).mean())
    return (error, loss) if math.isfinite(error + loss) else (math.inf, math.inf)
