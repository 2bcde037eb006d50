"""Losses, one number a sample: `losses[name](output, y, scale)` -> [B].

`output` is [B, channels, *size]; `scale` is the standard deviation of each target channel (`Task.y_std`).
A loss that reads numbers divides by it, so that its value is of order one whatever the units.
"""

from collections.abc import Callable, Sequence

from torch import Tensor
from torch.nn import functional as F

from isthmus.registry import Registry

Loss = Callable[[Tensor, Tensor, Sequence[float]], Tensor]

losses: Registry[Loss] = Registry("loss", "isthmus.tasks")


@losses.register("cross-entropy")
def cross_entropy(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Of logits [B, K, *size] and class numbers [B, *size], the mean over positions: [B]."""
    return _mean(F.cross_entropy(output, y, reduction="none"))


@losses.register("bce")
def bce(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Binary cross-entropy of logits [B, K] and 0 or 1 [B, K], the mean over labels: [B]."""
    return _mean(F.binary_cross_entropy_with_logits(output, y, reduction="none"))


def weighted_bce(weight: float) -> Loss:
    """Binary cross-entropy where a label that is there counts `weight` times.

    Of logits [B, K] and 0 or 1 in the first K columns of y, the mean over labels: [B].
    """

    def loss(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
        labels, there = y[:, : output.shape[1]], output.new_tensor(weight)
        return _mean(F.binary_cross_entropy_with_logits(output, labels, reduction="none", pos_weight=there))

    return loss


@losses.register("mse")
def mse(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Mean over channels and positions of ((output - y) / scale)^2, both [B, C, *size]: [B]."""
    channel = output.new_tensor(scale).view(-1, *[1] * (output.ndim - 2))
    return _mean(((output - y) / channel).square())


def _mean(values: Tensor) -> Tensor:
    """Over everything but samples: [B, ...] -> [B]."""
    return values.reshape(len(values), -1).mean(1)
