"""The error of a predictor over any choice of samples, which the bootstrap needs."""

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_sum

from isthmus.tasks import Task


class SampleErrors(Metric):
    """A task's metric that can also be computed over any choice of the samples that it has seen.

    Where the metric is a function of sums over samples, as a mean is, the summands of each sample are kept;
    of any other metric, the outputs themselves.

    Args:
        task: Task that defines the metric.
    """

    higher_is_better = False
    full_state_update = False

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task, self.own = task, task.new_metric()
        reductions = self.own._reductions.values()
        self.is_of_sums = all(r is dim_zero_sum for r in reductions) and not [*self.own.children()]
        self.outputs: list[Tensor] = []
        self.targets: list[Tensor] = []
        self.summands: list[Tensor] = []

    def update(self, output: Tensor, y: Tensor) -> None:
        """Add a batch of outputs [B, channels, *size] and targets."""
        if not self.is_of_sums:
            self.outputs.append(output.float())
            self.targets.append(y)
            return
        for number in range(len(output)):
            self.own.reset()
            self.own.update(output[number : number + 1], y[number : number + 1])
            states = [torch.as_tensor(state) for state in self.own.metric_state.values()]
            self.summands.append(torch.cat([state.double().flatten() for state in states]))

    def compute(self) -> Tensor:
        """Return the error over all samples."""
        return torch.tensor(self.over(np.arange(self.samples)[None])[0])

    @property
    def samples(self) -> int:
        """Number of samples seen."""
        return len(self.summands) if self.is_of_sums else sum(map(len, self.outputs))

    def over(self, chosen: np.ndarray) -> np.ndarray:
        """Compute the error over choices of samples.

        Args:
            chosen: Indices of the samples of each choice, [B, n]; one may be chosen more than once.

        Returns:
            Errors [B].
        """
        if not self.is_of_sums:
            outputs, targets = torch.cat(self.outputs), torch.cat(self.targets)
            return np.array([self._error(outputs[i], targets[i]) for i in torch.from_numpy(chosen)])
        times = np.stack([np.bincount(row, minlength=self.samples) for row in chosen])
        sums = torch.from_numpy(times).double() @ torch.stack(self.summands)
        return np.array([self._error_of_sums(row) for row in sums])

    def _error(self, outputs: Tensor, targets: Tensor) -> float:
        """Compute the metric of outputs."""
        metric = self.task.new_metric()
        metric.update(outputs, targets)
        return float(metric.compute())

    def _error_of_sums(self, sums: Tensor) -> float:
        """Compute the metric from its summed states, one after the other in a row."""
        metric, start = self.own, 0
        metric.compute_with_cache = False
        for name, state in metric.metric_state.items():
            state = torch.as_tensor(state)
            part = sums[start : start + state.numel()].reshape(state.shape)
            setattr(metric, name, part.to(state.dtype))
            start += state.numel()
        return float(metric.compute())
