"""Interval of a test error: the bootstrap over test samples."""

import numpy as np
import torch

from isthmus.floors.intervals import LEVEL, Interval
from isthmus.seeding import numpy_generator
from isthmus.tasks.metrics import metrics
from isthmus.training.kept import SavedOutputs

RESAMPLES, FEW_RESAMPLES = 1000, 200
LARGE = 2**18
"""Number of outputs above which `FEW_RESAMPLES` do"""


def bootstrap(predictions: SavedOutputs, metric: str) -> Interval | None:
    """Compute the percentile bootstrap interval of an error (Efron, 1979), of level `LEVEL`.

    Test samples are drawn with replacement, as many as there are; the run stays the same. The interval says
    how much the error depends on which samples were tested, and nothing of the seed of the training.

    Args:
        predictions: Outputs and targets of test samples.
        metric: Name of the metric.

    Returns:
        Lower and upper end; None for fewer than two samples, or a metric that is not known by its name.
    """
    count = len(predictions.index)
    if count < 2 or metric not in metrics:
        return None
    output, y = torch.from_numpy(predictions.output), torch.from_numpy(predictions.y)
    measure, rng = metrics[metric](output.shape[1]), numpy_generator(0, "bootstrap")
    errors = []
    for _ in range(RESAMPLES if output.numel() <= LARGE else FEW_RESAMPLES):
        drawn = torch.from_numpy(rng.integers(count, size=count))
        measure.reset()
        measure.update(output[drawn], y[drawn])
        errors.append(float(measure.compute()))
    low, high = np.nanquantile(errors, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
