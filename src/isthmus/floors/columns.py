"""Samples as the columns of a table, each standardised by itself."""

from collections.abc import Callable

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional as F

from isthmus.model.evaluation import EvaluationBatches
from isthmus.tasks import Split

MOST_COLUMNS = 4096
"""Largest number of columns; neighbouring positions of larger samples are averaged"""

POOLINGS: dict[int, Callable[..., Tensor]] = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d}


class Columns:
    """Standardised columns of samples: [M, C, *size] -> float64 [M, D].

    Args:
        train: Samples whose means and deviations are taken.
        most: Largest number of columns.

    Attributes:
        train: Columns of these samples, [N, D].
        note: What was averaged, in a few words.
    """

    def __init__(self, train: Split, most: int = MOST_COLUMNS) -> None:
        self.most = most
        table = np.concatenate([flat(x.numpy(), most) for x, _ in EvaluationBatches(train)])
        values = int(np.prod(train.x.shape[1:]))
        self.note = "" if values == table.shape[1] else f"{values:,} values averaged to {table.shape[1]:,}"
        self.scaler = StandardScaler().fit(table)
        self.train: np.ndarray = self.scaler.transform(table)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the columns of other samples."""
        table: np.ndarray = self.scaler.transform(flat(x, self.most))
        return table


def flat(x: np.ndarray, most: int) -> np.ndarray:
    """Flatten samples [M, C, *size] to float64 [M, D], neighbouring positions averaged where D is too large.

    Of more than `most` channels, so many are taken, evenly spaced.
    """
    channels, size = x.shape[1], x.shape[2:]
    if np.prod(x.shape[1:]) > most:
        x = x[:, np.linspace(0, channels - 1, min(channels, most)).astype(int)]
        kept = pooled_size(size, most // x.shape[1])
        x = POOLINGS[len(size)](torch.from_numpy(x), kept).numpy()
    return x.reshape(len(x), -1).astype(np.float64)


def pooled_size(size: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Return a smaller size of about the same proportions with at most so many positions."""
    factor = min(1.0, (most / np.prod(size)) ** (1 / len(size)))
    kept = [max(1, int(n * factor)) for n in size]
    while np.prod(kept) > most:  # a side of one position cannot shrink, so the others must
        kept[int(np.argmax(kept))] = max(1, most * max(kept) // int(np.prod(kept)))
    return tuple(kept)
