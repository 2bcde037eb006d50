"""Class numbers for the samples of any kind of target, which ORCA aligns by."""

from collections.abc import Callable

import numpy as np
import torch
from sklearn.cluster import KMeans, MiniBatchKMeans
from torch import Tensor
from torch.nn import functional as F

from isthmus.seeding import derive_seed

CLUSTERS = 10
MANY = 10_000  # targets, above which k-means goes by mini-batches
MOST_POSITIONS = 32  # along an axis; a larger field or mask is averaged down
CHUNK = 64  # targets read at a time
POOLS: dict[int, Callable[..., Tensor]] = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d}


def pseudo_labels(y: np.ndarray, channels: int, seed: int) -> np.ndarray:
    """Return class numbers as they are, and cluster other targets by 10-means (ORCA, section 3.2).

    Args:
        y: Class numbers [N] or [N, *size], or numbers [N, C, *size]; anything that gives arrays for indices.
        channels: Number of channels of the output; what y holds behind them is no target.
        seed: Seed of the clustering.

    Returns:
        Class numbers [N], int64.
    """
    if y.ndim == 1 and y.dtype.kind in "iu":
        return np.asarray(y[np.arange(len(y))])
    chunks = np.array_split(np.arange(len(y)), range(CHUNK, len(y), CHUNK))
    flat = _of_order_one(np.concatenate([_flat(y[chunk], channels) for chunk in chunks]))
    clusters = min(CLUSTERS, len(np.unique(flat, axis=0)))
    algorithm = MiniBatchKMeans if len(flat) > MANY else KMeans
    state = derive_seed(seed, "k-means") % 2**32
    found: np.ndarray = algorithm(clusters, n_init=3, random_state=state).fit_predict(flat)
    return found.astype(np.int64)


def _flat(y: np.ndarray, channels: int) -> np.ndarray:
    """Return targets [n, ...] as rows of numbers, large fields averaged down."""
    values = torch.from_numpy(y[:, None] if y.dtype.kind in "iu" else y[:, :channels])
    values = values if values.dtype == torch.float64 else values.float()
    size = values.shape[2:]
    if any(length > MOST_POSITIONS for length in size):
        values = POOLS[len(size)](values, [min(length, MOST_POSITIONS) for length in size])
    return values.flatten(1).numpy()


def _of_order_one(rows: np.ndarray) -> np.ndarray:
    """Return rows of numbers as float32 whose squares neither vanish nor overflow: clusters are the same.

    The factor is a power of two, which changes no digit.
    """
    if rows.dtype == np.float64:
        rows = rows - rows.mean(0)
    _, exponent = np.frexp(np.abs(rows).max())
    scaled: np.ndarray = np.ldexp(rows, -exponent)
    return scaled.astype(np.float32)
