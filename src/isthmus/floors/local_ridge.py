"""Ridge regression at every position from its neighbourhood, for targets given by position."""

from collections.abc import Iterator

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch.nn import functional as F

from isthmus.floors import floors
from isthmus.floors.floor import Fitted, Floor
from isthmus.floors.ridge import LinearMap
from isthmus.methods.ridge_path import cross_validated_ridge, solve_ridge
from isthmus.seeding import numpy_generator
from isthmus.tasks import Split, Task

WIDTHS = {1: 9, 2: 5}
"""Positions on a side of the neighbourhood, by the number of dimensions"""
MOST_COLUMNS = 512
MOST_ROWS = 20_000
"""Number of positions that are fitted to, about"""
MOST_FIELDS = 400
BLOCK = 2**23
"""Numbers that are held at a time"""


@floors.register("local-ridge")
class LocalRidge(Floor):
    """Ridge regression from the values around a position to the target there, the same for all positions."""

    def takes(self, task: Task) -> bool:
        """Take targets given by position."""
        return bool(task.output.size)

    def most_samples(self, task: Task) -> int:
        """Bound the fields that are predicted in cross-validation."""
        return MOST_FIELDS

    def fit(self, task: Task, train: Split, y: np.ndarray, fold: np.ndarray, seed: int) -> Fitted:
        """Choose the penalty and fit, to some positions of every sample."""
        size, channels = y.shape[2:], y.shape[1]
        targets = np.moveaxis(y.reshape(*y.shape[:2], -1), 1, 2)  # [N, P, C']
        each = min(targets.shape[1], -(-MOST_ROWS // len(train)))
        kept = numpy_generator(seed, "positions").integers(targets.shape[1], size=(len(train), each))
        rows = np.concatenate(
            [found[np.arange(len(found))[:, None], kept[at]] for at, found in neighbourhoods(train.x, size)]
        ).reshape(len(train) * each, -1)
        wanted = np.take_along_axis(targets, kept[:, :, None], 1).reshape(-1, channels).astype(np.float64)
        scaler, row_fold = StandardScaler().fit(rows), np.repeat(fold, each)
        rows = scaler.transform(rows).astype(np.float64)
        found = cross_validated_ridge(rows, wanted, row_fold)

        def field(fitted: LinearMap, x: np.ndarray) -> np.ndarray:
            parts = (part for _, part in neighbourhoods(x, size))
            flat = [fitted(scaler.transform(part.reshape(-1, part.shape[2]))) for part in parts]
            outputs = np.concatenate(flat).reshape(len(x), *size, channels)
            return np.moveaxis(outputs, -1, 1)

        out_of_fold = np.empty(y.shape)
        for number in np.unique(fold):
            inside = row_fold != number
            fitted = LinearMap(*solve_ridge(rows[inside], wanted[inside], found.penalty))
            out_of_fold[fold == number] = field(fitted, train.x[np.flatnonzero(fold == number)])
        whole = LinearMap(found.weight, found.bias)
        return Fitted(lambda x: field(whole, x), out_of_fold)


def neighbourhoods(x: np.ndarray, size: tuple[int, ...]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the values around each position of an output, a few samples at a time.

    Beyond the edge the values of the edge go on. Where the output has another size than the samples, its
    positions are laid evenly over theirs. Samples of many channels have smaller neighbourhoods.

    Args:
        x: Samples [N, C, *input size].
        size: Size of the output, of P positions.

    Yields:
        Indices of the samples [B], and float32 [B, P, R].
    """
    channels, given = x.shape[1], x.shape[2:]
    width = WIDTHS[len(given)]
    while width > 1 and channels * width ** len(given) > MOST_COLUMNS:
        width -= 2
    centres = np.ix_(*(np.arange(n) * m // n for n, m in zip(size, given, strict=True)))
    step = max(1, BLOCK // (channels * width ** len(given) * int(np.prod(given))))
    for start in range(0, len(x), step):
        at = np.arange(start, min(start + step, len(x)))
        edge = [width // 2] * (2 * len(given))
        values = F.pad(torch.from_numpy(x[at]), edge, mode="replicate")
        for axis in range(2, 2 + len(given)):
            values = values.unfold(axis, width, 1)
        found = values.numpy()[(slice(None), slice(None), *centres)]  # [B, C, *size, width, ...]
        yield at, np.moveaxis(found, 1, 1 + len(given)).reshape(len(at), int(np.prod(size)), -1)
