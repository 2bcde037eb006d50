"""Training loops of architecture searches: gradient steps on seeded batches, and bilevel optimisation."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods.optimization import minimize
from isthmus.model import Net
from isthmus.model.evaluation import MeanLoss, evaluate
from isthmus.seeding import numpy_generator, torch_generator
from isthmus.tasks import Split, Task, split_validation

MOMENTUM, WEIGHT_DECAY, MAX_GRAD_NORM = 0.9, 3e-4, 5.0
"""Settings of SGD in bilevel optimisation."""


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

    def step_architecture(step: int, loss: float) -> None:
        if step >= warmup * steps:
            update_architecture(loss_on(1, step))

    net.train()
    minimize(
        net.parameters(),
        lambda step: [loss_on(0, step)],
        optimizer,
        CosineAnnealingLR(optimizer, steps),
        steps=steps,
        max_grad_norm=MAX_GRAD_NORM,
        after_step=step_architecture,
    )


def error_and_loss(net: Net, task: Task, split: Split) -> tuple[float, float]:
    """Return the task's error and mean loss over a split; both are infinite if an output is not finite."""
    try:
        found = evaluate(net, task, split, {"error": task.new_metric(), "loss": MeanLoss(task)})
    except InputError:
        return math.inf, math.inf
    return (found["error"], found["loss"]) if math.isfinite(sum(found.values())) else (math.inf, math.inf)
