"""The loop of what is trained before the training proper: ORCA's alignment, and architecture searches."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


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
        parameters: Parameters whose gradient is clipped.
        step_losses: Function from the number of a step, from 0 on, to the terms of its loss. Each term is
            backpropagated by itself, so that only one is in memory at a time.
        optimizer: Optimizer of the parameters.
        scheduler: Learning rate schedule, advanced once a step.
        steps: Number of steps.
        max_grad_norm: Norm to which longer gradients are clipped; None to leave them as they are.
        after_step: Function called after each step with its number and its loss.
    """
    clipped = list(parameters)
    for step in range(steps):
        optimizer.zero_grad()
        total = 0.0
        for loss in step_losses(step):
            if not loss.isfinite():
                return
            torch.autograd.backward(loss)
            total += loss.item()
        if max_grad_norm is not None:
            nn.utils.clip_grad_norm_(clipped, max_grad_norm)
        optimizer.step()
        scheduler.step()
        if after_step is not None:
            after_step(step, total)
