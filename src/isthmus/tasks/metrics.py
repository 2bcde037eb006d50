"""Metrics, accumulated over a whole split: `metrics[name](channels)` -> a torchmetrics `Metric`.

`channels` is the number of channels of the task's output. Every `compute()` is an error: lower is better.
`update(output, y)` takes the network's output [B, channels, *size] in the target's units (logits for classes)
and y as the task stores it.
"""

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric
from torchmetrics.classification import (
    MulticlassF1Score,
    MulticlassHammingDistance,
    MultilabelAveragePrecision,
)
from torchmetrics.functional.classification import multilabel_auroc
from torchmetrics.utilities import dim_zero_cat

from isthmus.tasks.metric_names import metrics as metrics

BLOCK = 1000
"""Samples in a block of `Blockwise`, at least"""

# 1 - accuracy over all samples and positions.
metrics.register("error")(partial(MulticlassHammingDistance, average="micro", validate_args=False))


@metrics.register("1-map")
class OneMinusMAP(MultilabelAveragePrecision):
    """1 - mean average precision, macro: each label that occurs counts the same."""

    higher_is_better = False

    def __init__(self, channels: int) -> None:
        super().__init__(channels, average="macro", validate_args=False)

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add logits [B, K] and labels of 0 or 1 [B, K]."""
        super().update(as_scores(preds), target.long())

    def compute(self) -> Tensor:  # type: ignore[override]
        """Return the error over all samples so far."""
        return 1 - super().compute()


@metrics.register("1-f1")
class OneMinusF1(MulticlassF1Score):
    """1 - F1, the mean over the classes that occur among targets or predictions."""

    higher_is_better = False

    def __init__(self, channels: int) -> None:
        super().__init__(channels, average="macro", validate_args=False)

    def compute(self) -> Tensor:
        """Return the error over all samples so far."""
        return 1 - super().compute()


@metrics.register("1-auroc")
class OneMinusAUROC(Metric):
    """1 - area under the ROC curve, the mean over labels.

    A label that is present in all samples or in none has no area and is left out.
    """

    higher_is_better = False
    full_state_update = False
    scores: list[Tensor]
    labels: list[Tensor]

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.add_state("scores", [], dist_reduce_fx="cat")
        self.add_state("labels", [], dist_reduce_fx="cat")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add logits [B, K] and labels of 0 or 1 [B, K]."""
        self.scores.append(as_scores(preds))
        self.labels.append(target.long())

    def compute(self) -> Tensor:
        """Return the error over all samples so far; NaN if no label has an area."""
        scores, labels = dim_zero_cat(self.scores), dim_zero_cat(self.labels)
        defined = labels.amin(0) < labels.amax(0)
        if not defined.any():
            return scores.new_tensor(float("nan"))
        scores, labels = scores[:, defined], labels[:, defined]
        area: Tensor = multilabel_auroc(
            scores, labels, int(defined.sum()), average="macro", validate_args=False
        )
        return 1 - area


class SampleMean(Metric):
    """Mean over samples, whose `update` adds to `total` and `count`; squares are taken in float64."""

    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def compute(self) -> Tensor:
        """Return the mean over all samples so far."""
        return self.total / self.count

    def add_relative(self, preds: Tensor, target: Tensor) -> None:
        """Add |output - y| / |y| over the last axis; where y is zero there is none, and it is left out."""
        preds, target = preds.double(), target.double()
        norm = target.norm(dim=-1)
        ratio = (preds - target).norm(dim=-1) / norm
        self.total += ratio[norm > 0].sum()
        self.count += (norm > 0).sum()


@metrics.register("relative-l2")
class RelativeL2(SampleMean):
    """Mean over samples of |output - y| / |y|, with norms over all channels and positions.

    A target that is zero everywhere has no relative error and is left out.
    """

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add outputs and targets, both [B, C, *size]."""
        self.add_relative(preds.flatten(1), target.flatten(1))


@metrics.register("rmse")
class RMSE(SampleMean):
    """Root of the mean squared error over all samples, channels and positions."""

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add outputs and targets, both [B, C, *size]."""
        self.total += (preds.double() - target.double()).square().sum()
        self.count += target.numel()

    def compute(self) -> Tensor:
        """Return the root of the mean over all values so far."""
        return super().compute().sqrt()


@metrics.register("nrmse")
class NormalizedRMSE(SampleMean):
    """Mean over samples and channels of RMSE / RMS of the target, both over positions.

    As in PDEBench (Takamoto et al., 2022, appendix B). A target that is zero everywhere has no
    relative error and is left out.
    """

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add outputs and targets, both [B, C, *size]; further channels of the targets are left out."""
        target = target[:, : preds.shape[1]]
        self.add_relative(*(field.reshape(*field.shape[:2], -1) for field in (preds, target)))


class Blockwise(Metric):
    """Mean of a metric over blocks of at least 1,000 samples, the last of which may be shorter.

    Published code computes some metrics this way. It differs from the metric of the whole split unless that
    is a mean over samples (see `docs/data.md`), so it serves for comparison only.

    Args:
        metric: Metric that is computed for each block.
    """

    higher_is_better = False
    full_state_update = False
    total: Tensor
    blocks: Tensor

    def __init__(self, metric: Metric) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("blocks", torch.tensor(0), dist_reduce_fx="sum")
        self.metric, self.samples = metric, 0

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add outputs and targets, as the metric itself takes them."""
        self.metric.update(preds, target)
        self.samples += len(target)
        if self.samples >= BLOCK:
            self.total += self.metric.compute()
            self.blocks += 1
            self.metric.reset()
            self.samples = 0

    def compute(self) -> Tensor:
        """Return the mean over the blocks so far, including the one that is not full yet."""
        total, blocks = self.total, self.blocks
        if self.samples:
            total, blocks = total + self.metric.compute(), blocks + 1
        return total / blocks

    def reset(self) -> None:
        """Forget all blocks."""
        super().reset()
        self.metric.reset()
        self.samples = 0


@metrics.register("1-f1-reference")
def blockwise_f1(channels: int) -> Metric:
    """Return `1-f1` as published code computes it: the mean over blocks of samples."""
    return Blockwise(OneMinusF1(channels))


@metrics.register("1-auroc-reference")
def blockwise_auroc(channels: int) -> Metric:
    """Return `1-auroc` as published code computes it: the mean over blocks of samples."""
    return Blockwise(OneMinusAUROC(channels))


def as_scores(logits: Tensor) -> Tensor:
    """Map logits to scores in [0, 1] of the same order.

    Only the order counts. Softsign keeps it for logits of any size, whereas a sigmoid rounds large ones to
    the same 1. torchmetrics applies its own sigmoid only to batches with values outside [0, 1].
    """
    return (F.softsign(logits.float()) + 1) / 2
