"""Samples on their way from a file to a task: x, y, and what belongs to them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of one split, in the order of the file.

    Attributes:
        x: Samples: array [N, ...], lazy or not, or list of N series.
        y: Targets: array [N, ...]; a list of one array for each recording where every point has a target;
            None where there are none, as in new data.
        ids: What predictions say of each sample, by name: arrays [N].
        groups: What each sample belongs to, [N], or None.
        times: When each sample begins and ends, [N, 2]; a list of one array [L] for each recording, where
            points have times; or None.
        weights: Weight of each sample in the training loss, [N], or None.
    """

    x: Any
    y: Any = None
    ids: dict[str, np.ndarray] = field(default_factory=dict)
    groups: np.ndarray | None = None
    times: Any = None
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.x)

    def part(self, indices: np.ndarray) -> "Samples":
        """Return the samples with these indices, in their order."""
        return Samples(
            rows(self.x, indices),
            None if self.y is None else rows(self.y, indices),
            {name: values[indices] for name, values in self.ids.items()},
            None if self.groups is None else self.groups[indices],
            None if self.times is None else rows(self.times, indices),
            None if self.weights is None else self.weights[indices],
        )


def rows(values: Any, indices: np.ndarray) -> Any:
    """Return the rows of an array, lazy or not, or of a list."""
    if isinstance(values, list):
        return [values[i] for i in indices]
    return values.part(indices) if hasattr(values, "part") else values[indices]
