"""A metric as published code computes it: the mean over blocks of samples, for comparison only."""

from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics import Metric

from isthmus.tasks.metrics import metrics
from isthmus.tasks.problem_types import Output

BLOCK = 1000


class Blockwise(Metric):
    """The mean of a metric over blocks of at least 1,000 samples, the last of which may be shorter.

    Not the metric of the split, for anything but a mean over samples: see `docs/data.md`.

    Args:
        metric: of one block.
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
        """As the metric's own."""
        self.metric.update(preds, target)
        self.samples += len(target)
        if self.samples >= BLOCK:
            self._close()

    def compute(self) -> Tensor:
        """The mean over the blocks so far, the open one among them."""
        if not self.samples:
            return self.total / self.blocks
        return (self.total + self.metric.compute()) / (self.blocks + 1)

    def reset(self) -> None:
        """Forget all blocks."""
        super().reset()
        self.metric.reset()
        self.samples = 0

    def _close(self) -> None:
        self.total += self.metric.compute()
        self.blocks += 1
        self.metric.reset()
        self.samples = 0


def blockwise(name: str) -> Callable[[Output], Metric]:
    """The published reading of a metric."""
    return lambda output: Blockwise(metrics[name](output))


for _name in ("1-f1", "1-auroc"):
    metrics.register(f"{_name}-reference")(blockwise(_name))
