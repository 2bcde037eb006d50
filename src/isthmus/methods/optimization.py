"""Optimisers, and the loop of what is trained before the training proper: alignment, and searches."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from isthmus.config.schema import OptimConfig


def minimize(
    parameters: Iterable[nn.Parameter],
    step_losses: Callable[[int], Iterable[Tensor]],
    optimizer: Optimizer,
    scheduler: LRScheduler,
    *,
    steps: int,
    max_grad_norm: float | None = None,
    after_step: Callable[[int, float], None] | None = None,
) -> None:
    """Descend a loss in place; stop early at the first step whose loss is not finite.

    Args:
        parameters: Parameters that get a gradient, which is clipped.
        step_losses: Function from the number of a step, from 0 on, to the terms of its loss. Each term is
            backpropagated by itself, so that only one is in memory at a time.
        optimizer: Optimizer of the parameters.
        scheduler: Learning rate schedule, advanced once a step.
        steps: Number of steps.
        max_grad_norm: Norm to which longer gradients are clipped; None to leave them as they are.
        after_step: Function called after each step with its number and its loss.
    """
    learning = [parameter for parameter in parameters if parameter.requires_grad]
    for step in range(steps):
        optimizer.zero_grad()
        total = 0.0
        for loss in step_losses(step):
            if not loss.isfinite():
                return
            torch.autograd.backward(loss, inputs=learning)
            total += loss.item()
        if max_grad_norm is not None:
            nn.utils.clip_grad_norm_(learning, max_grad_norm)
        optimizer.step()
        scheduler.step()
        if after_step is not None:
            after_step(step, total)


def make_optimizer(
    parts: Mapping[str, Iterable[nn.Parameter]], config: OptimConfig, *, fused: bool = False
) -> Optimizer:
    """Make the optimiser: two groups for each part that learns, matrices and vectors.

    Args:
        parts: Parameters of each part of the network, by the part's name.
        config: Complete settings of the optimiser.
        fused: Whether one kernel steps all weights, which are on a GPU.
    """
    assert config.lr is not None
    groups = []
    for part, parameters in parts.items():
        learning = [p for p in parameters if p.requires_grad]
        rate = config.lr * (config.lr_scale or {}).get(part, 1.0)
        for is_matrix in (True, False):
            chosen = [p for p in learning if (p.dim() > 1) == is_matrix]
            decay = config.weight_decay * (is_matrix or config.decay_on == "all")
            if chosen:
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return OPTIMIZERS[config.optimizer](groups, config, fused or None)


OPTIMIZERS: dict[str, Callable[[Any, OptimConfig, bool | None], Optimizer]] = {
    "adamw": lambda groups, config, fused: torch.optim.AdamW(groups, betas=config.betas, fused=fused),
    "adam": lambda groups, config, fused: torch.optim.Adam(groups, betas=config.betas, fused=fused),
    "sgd": lambda groups, config, fused: torch.optim.SGD(
        groups, momentum=config.momentum, nesterov=config.nesterov, fused=fused
    ),
}
