"""Metrics, accumulated over a whole split: `metrics[name](output)` -> a torchmetrics `Metric`.

Every `compute()` is an error: lower is better. `update(output, y)` takes the network's output
[B, channels, *size] in the target's units (logits for classes) and y as the task stores it.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score, MultilabelAveragePrecision
from torchmetrics.functional.classification import multilabel_auroc
from torchmetrics.regression import MeanSquaredError
from torchmetrics.utilities import dim_zero_cat

from isthmus.registry import Registry
from isthmus.tasks.problem_types import Output

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
        super().update(as_scores(preds), target.long())

    def compute(self) -> Tensor:  # type: ignore[override]
        return 1 - super().compute()


@metrics.register("1-f1")
class OneMinusF1(MulticlassF1Score):
    """1 - F1, the mean over the classes that occur among targets or predictions."""

    higher_is_better = False

    def __init__(self, output: Output) -> None:
        super().__init__(output.channels, average="macro", validate_args=False)

    def compute(self) -> Tensor:
        return 1 - super().compute()


@metrics.register("1-auroc")
class OneMinusAUROC(Metric):
    """1 - area under the ROC curve, the mean over labels; one that is always or never there has none."""

    higher_is_better = False
    full_state_update = False
    scores: list[Tensor]
    labels: list[Tensor]

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.add_state("scores", [], dist_reduce_fx="cat")
        self.add_state("labels", [], dist_reduce_fx="cat")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Logits [B, K] and 0 or 1 [B, K]."""
        self.scores.append(as_scores(preds))
        self.labels.append(target.long())

    def compute(self) -> Tensor:
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
    """A mean over samples: `update` adds to `total` and `count`."""

    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def compute(self) -> Tensor:
        return (self.total / self.count).float()


@metrics.register("relative-l2")
class RelativeL2(SampleMean):
    """Mean over samples of |output - y| / |y|, norms over all channels and positions."""

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Both [B, C, *size]."""
        preds, target = preds.float().flatten(1), target.float().flatten(1)
        self.total += ((preds - target).norm(dim=1) / target.norm(dim=1)).sum()
        self.count += len(target)


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


def as_scores(logits: Tensor) -> Tensor:
    """Logits as scores in [0, 1], in the same order.

    Only the order counts. Softsign keeps it for logits of any size, where a sigmoid rounds large ones to the
    same 1; torchmetrics' own is applied only to batches that it takes for logits.
    """
    return (F.softsign(logits.float()) + 1) / 2
