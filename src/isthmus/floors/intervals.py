"""Intervals of an error, by the bootstrap over test samples."""

import warnings
from collections.abc import Callable

import numpy as np

LEVEL = 0.95
BATCH = 2**22
"""Indices drawn at a time"""

Interval = tuple[float, float]


def bootstrap_interval(
    statistic: Callable[[np.ndarray], np.ndarray], samples: int, seed: int, resamples: int = 1000
) -> Interval | None:
    """Compute the 95 % percentile interval of a statistic of samples (Efron, Annals of Statistics 7, 1979).

    Args:
        statistic: Function from the indices of drawn samples, [B, n], to its values, [B].
        samples: Number of samples, n.
        seed: Seed of the draws: two statistics are computed on the same ones.
        resamples: Number of draws of n samples.

    Returns:
        Lower and upper end; None for fewer than two samples, or where the statistic has no value.
    """
    from scipy.stats import DegenerateDataWarning, bootstrap

    if samples < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # of a statistic without a value
        found = bootstrap(
            (np.arange(samples),),
            lambda indices, axis: statistic(np.atleast_2d(indices)),
            n_resamples=resamples,
            batch=max(1, BATCH // samples),
            confidence_level=LEVEL,
            method="percentile",
            vectorized=True,
            random_state=np.random.default_rng(seed),
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    return None if np.isnan(low) or np.isnan(high) else (low, high)
