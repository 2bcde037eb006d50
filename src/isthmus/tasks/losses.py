"""Losses, one number for each sample: `losses[name](output, y, scale)` -> [B].

`output` is [B, channels, *size]. `scale` is the standard deviation of each target channel (`Task.y_std`); a
loss of numbers divides by it, so that its value is of order one whatever the units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from isthmus.registry import LazyRegistry

if TYPE_CHECKING:
    from torch import Tensor

Loss = Callable[["Tensor", "Tensor", Sequence[float]], "Tensor"]

losses: LazyRegistry[Loss] = LazyRegistry(
    "loss", "isthmus.tasks", "isthmus.tasks.nasbench360", "isthmus.tasks.pdebench", variable="losses"
)


@losses.register("cross-entropy")
def cross_entropy(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Compute the mean over positions for logits [B, K, *size] and class numbers [B, *size]: [B]."""
    from torch.nn import functional as F

    return F.cross_entropy(output, y, reduction="none").reshape(len(y), -1).mean(1)


@losses.register("bce")
def bce(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Compute the mean binary cross-entropy over labels for logits [B, K] and 0 or 1 [B, K]: [B]."""
    from torch.nn import functional as F

    return F.binary_cross_entropy_with_logits(output, y, reduction="none").flatten(1).mean(1)


def weighted_bce(weight: float) -> Loss:
    """Return the binary cross-entropy in which a present label counts `weight` times.

    It takes logits [B, K] and y with 0 or 1 in its first K columns, and is the mean over labels: [B].
    """

    def loss(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
        from torch.nn import functional as F

        labels, positive = y[:, : output.shape[1]], output.new_tensor(weight)
        values = F.binary_cross_entropy_with_logits(output, labels, reduction="none", pos_weight=positive)
        return values.flatten(1).mean(1)

    return loss


WeightedLoss = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]

weighted_losses: LazyRegistry[WeightedLoss] = LazyRegistry(
    "loss with class weights", "isthmus.tasks", variable="weighted_losses"
)
"""Losses by their names in `losses`, with the weights of classes in place of the scale"""


@weighted_losses.register("cross-entropy")
def class_weighted_cross_entropy(output: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """Compute the mean over positions of the cross-entropy times the weight of the true class, [K]: [B]."""
    from torch.nn import functional as F

    return F.cross_entropy(output, y, weights, reduction="none").reshape(len(y), -1).mean(1)


@weighted_losses.register("bce")
def label_weighted_bce(output: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """Compute the mean over labels of the binary cross-entropy times the weight of what is true: [B].

    `weights` holds those of an absent and of a present label, [2, K].
    """
    from torch.nn import functional as F

    values = F.binary_cross_entropy_with_logits(output, y, reduction="none")
    return (values * (weights[0] + y * (weights[1] - weights[0]))).mean(1)


@losses.register("mse")
def mse(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Compute the mean over channels and positions of ((output - y) / scale)^2, both [B, C, *size]: [B]."""
    channel = output.new_tensor(scale).view(-1, *[1] * (output.ndim - 2))
    return ((output - y) / channel).square().flatten(1).mean(1)
