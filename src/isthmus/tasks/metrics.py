"""Metrics, accumulated over a whole split: `metrics[name](output)` -> a torchmetrics `Metric`.

Every `compute()` is an error: lower is better. `update(output, y)` takes the network's output
[B, channels, *size] in the target's units (logits for classes) and y as the task stores it.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric
from torchmetrics.classification import MulticlassAccuracy, MultilabelAveragePrecision
from torchmetrics.regression import MeanSquaredError

from isthmus.registry import Registry
from isthmus.tasks.kinds import Output

metrics: Registry[Callable[[Output], Metric]] = Registry("metric", "isthmus.tasks")


@metrics.register("error")
class Error(MulticlassAccuracy):
    """1 - accuracy, over all samples and positions."""

    higher_is_better = False

    def __init__(self, output: Output) -> None:
        super().__init__(output.channels, average="micro", validate_args=False)

    def compute(self) -> Tensor:
        return 1 - super().compute()


@metrics.register("1-map")
class OneMinusMAP(MultilabelAveragePrecision):
    """1 - mean average precision, macro: each label that occurs counts the same."""

    higher_is_better = False

    def __init__(self, output: Output) -> None:
        super().__init__(output.channels, average="macro", validate_args=False)

    def update(self, preds: Tensor, target: Tensor) -> None:
        # Only the order counts. Softsign keeps it, within [0, 1], for logits of any size, where a sigmoid
        # rounds large ones to the same 1; torchmetrics' own is applied only to batches it takes for logits.
        super().update((F.softsign(preds.float()) + 1) / 2, target.long())

    def compute(self) -> Tensor:  # type: ignore[override]
        return 1 - super().compute()


@metrics.register("rmse")
def rmse(output: Output) -> Metric:
    """Root of the mean squared error, over all samples and channels."""
    return MeanSquaredError(squared=False)


@metrics.register("nrmse")
class NormalizedRMSE(Metric):
    """Mean over samples and channels of RMSE / RMS of the target, both over positions.

    As in PDEBench (Takamoto et al., 2022, appendix B). A target that is zero everywhere has no
    relative error and is left out.
    """

    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Both [B, C, *size]."""
        preds, target = (field.float().reshape(*field.shape[:2], -1) for field in (preds, target))
        norm = target.norm(dim=2)
        ratio = (preds - target).norm(dim=2) / norm
        self.total += ratio[norm > 0].sum()
        self.count += (norm > 0).sum()

    def compute(self) -> Tensor:
        return self.total / self.count
