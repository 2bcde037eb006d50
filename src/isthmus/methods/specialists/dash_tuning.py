"""Short trainings of DASH, and the choice of learning rate, dropout, weight decay and momentum by them."""

import logging
from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import MultiStepLR

from isthmus.config.schema import RunConfig
from isthmus.methods.optimization import minimize
from isthmus.methods.specialists.search import batch_loss, error_and_loss
from isthmus.methods.specialists.specialist_net import SpecialistNet
from isthmus.model import Net
from isthmus.seeding import derive_seed, numpy_generator, torch_generator
from isthmus.tasks import Split, Task

log = logging.getLogger("isthmus")

LR_FACTOR, LR_MILESTONES = 0.2, (0.3, 0.6, 0.8)
"""Factor on the learning rate, and the fractions of a training at which it is applied."""

MAX_VALIDATION_SAMPLES = 1000
"""Largest number of validation samples by which settings are compared."""


class Settings(NamedTuple):
    """Settings of one training."""

    lr: float
    dropout: float
    weight_decay: float
    momentum: float


GRID = [Settings(*values) for values in product((0.1, 0.01, 0.001), (0.0, 0.05), (5e-4, 5e-6), (0.9, 0.99))]
"""Published grid (24 settings)."""

DENSE_GRID = [Settings(lr, 0.0, 5e-5, 0.99) for lr in (0.01, 0.001, 0.0001)]
"""Grid for dense outputs on pictures, published for three such tasks."""


def make_sgd(parameters: Sequence[nn.Parameter], settings: Settings) -> SGD:
    """Build SGD with Nesterov momentum, without weight decay for vectors (biases and norms)."""
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return SGD(groups, settings.lr, settings.momentum, nesterov=True)


def train_briefly(
    net: Net,
    task: Task,
    train: Split,
    config: RunConfig,
    optimizer: Optimizer,
    *,
    steps: int,
    purpose: str,
) -> None:
    """Train a network in place for a few steps, or until its loss is no longer finite.

    Args:
        net: Network to train, on the device where it is.
        task: Task that defines the loss.
        train: Training data.
        config: Run configuration that gives batch size, gradient clipping and seed.
        optimizer: Optimizer of the network's parameters.
        steps: Number of steps.
        purpose: Word that is part of the seed of every draw.
    """
    size = min(config.data.batch_size or len(train), len(train))

    def step_losses(step: int) -> list[Tensor]:
        seed_parts = (config.seed, purpose, step)
        torch.manual_seed(derive_seed(*seed_parts))  # dropout and Gumbel noise come from torch's generator
        index = numpy_generator(*seed_parts).choice(len(train), size, replace=False)
        return [batch_loss(net, task, train, index, torch_generator(*seed_parts, "augment"))]

    scheduler = MultiStepLR(optimizer, [round(part * steps) for part in LR_MILESTONES], LR_FACTOR)
    with torch.random.fork_rng():
        net.train()
        norm = config.optim.max_grad_norm
        minimize(net.parameters(), step_losses, optimizer, scheduler, steps=steps, max_grad_norm=norm)


def tune(
    net: SpecialistNet,
    make_body: Callable[[float], nn.Module],
    grid: Sequence[Settings],
    task: Task,
    train: Split,
    validation: Split,
    config: RunConfig,
    steps: int,
) -> Settings:
    """Return the settings with the least validation error; the validation loss decides between equal errors.

    Args:
        net: Network whose scaling is fitted; its body is replaced.
        make_body: Function from a dropout rate to a new body.
        grid: Settings to compare.
        task: Task that defines loss and error.
        train: Training data, disjoint from the validation data.
        validation: Data to compare by; of more than `MAX_VALIDATION_SAMPLES`, so many are drawn at random.
        config: Run configuration that gives batch size, gradient clipping and seed.
        steps: Number of steps of each training.
    """
    order = numpy_generator(config.seed, "judged").permutation(len(validation))
    subset = validation.part(np.sort(order[:MAX_VALIDATION_SAMPLES]))

    def score(settings: Settings) -> tuple[float, float]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "net"))
            body = make_body(settings.dropout)
        net.body = body.to(net.x_mean.device)
        optimizer = make_sgd(list(net.parameters()), settings)
        train_briefly(net, task, train, config, optimizer, steps=steps, purpose="tune")
        error, loss = error_and_loss(net, task, subset)
        log.info("%s: validation error %.4g, loss %.4g", settings, error, loss)
        return error, loss

    return min(grid, key=score)
