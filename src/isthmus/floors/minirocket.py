"""MiniRocket: fixed convolutional kernels of a series, and ridge regression on what they count."""

from importlib.util import find_spec

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler

from isthmus.floors import floors
from isthmus.floors.floor import LEAST_SAMPLES, Fitted, Floor, is_short
from isthmus.floors.ridge import fit_ridge
from isthmus.methods.specialists.rocket import keep_torch_threads
from isthmus.model.evaluation import EvaluationBatches
from isthmus.numba_cache import provide_numba_cache
from isthmus.tasks import Split, Task

MIN_LENGTH = 9
"""Length of the kernels"""
MOST_WORK = 3_000_000
"""Largest number of points in all series, times channels (the kernels see up to nine): about ten seconds"""


@floors.register("minirocket")
class MiniRocket(Floor):
    """MiniRocket (Dempster, Schmidt, Webb, KDD 2021) by aeon, with a ridge regression.

    Classes and labels are regressed as -1 and 1, the penalty is chosen by cross-validation.
    """

    def takes(self, task: Task) -> bool:
        """Take series, and a class or a few labels or numbers for each."""
        is_series = len(task.input_shape) == 2 and task.input_shape[1] >= MIN_LENGTH
        return is_series and not task.output.size and is_short(task)

    def excess(self, task: Task, samples: int) -> str | None:
        """Leave out what needs a missing package or takes minutes."""
        if find_spec("aeon") is None:
            return "it needs the package aeon: pip install isthmus[rocket]"
        channels, length = task.input_shape
        if samples * length * min(channels, MIN_LENGTH) > MOST_WORK:
            return f"{samples:,} series of {channels:,} x {length:,} points would take too long"
        return None

    def most_samples(self, task: Task) -> int:
        """Bound the 10,000 features of all samples."""
        return LEAST_SAMPLES

    def fit(self, task: Task, train: Split, y: np.ndarray, fold: np.ndarray, seed: int) -> Fitted:
        """Compute the features and fit the ridge regression."""
        provide_numba_cache()
        from aeon.transformations.collection.convolution_based import MiniRocket as Transform
        from numba import config  # type: ignore[import-untyped]

        threads = min(torch.get_num_threads(), config.NUMBA_NUM_THREADS)
        transform = Transform(random_state=seed, n_jobs=threads)
        series = np.concatenate([x.numpy() for x, _ in EvaluationBatches(train)])
        with keep_torch_threads():
            features = transform.fit(series).transform(series)
        scaler = StandardScaler().fit(features)
        fitted, out_of_fold = fit_ridge(scaler.transform(features).astype(np.float64), y, fold)

        def predict(x: np.ndarray) -> np.ndarray:
            with keep_torch_threads():
                return fitted(scaler.transform(transform.transform(x)))

        return Fitted(predict, out_of_fold)
