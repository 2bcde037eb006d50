"""The losses of the cross-modal setting: both are published in the units of y, so neither takes the scale."""

from collections.abc import Sequence

import torch
from torch import Tensor

from isthmus.tasks.losses import losses


@losses.register("nrmse")
def nrmse(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """RMSE / RMS of y, both over all channels and positions, both [B, C, *size]: [B].

    A target that is zero everywhere has no relative error: its loss is 0, as the metric leaves it out.
    """
    norm = y.flatten(1).norm(dim=1)
    return (output - y).flatten(1).norm(dim=1) / norm.masked_fill(norm == 0, torch.inf)


@losses.register("rmse")
def rmse(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Root of the mean over channels and positions of (output - y)^2, both [B, C, *size]: [B]."""
    difference = (output - y).flatten(1)
    return difference.norm(dim=1) / difference.shape[1] ** 0.5
