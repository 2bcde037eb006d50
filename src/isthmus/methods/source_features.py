"""Features of source samples: the source embedder is frozen, so they are computed once and kept."""

import hashlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from isthmus.model import CrossModalNet
from isthmus.sources import Source
from isthmus.store.cache import cached

CHUNK = 256  # samples in memory at a time


def source_features(net: CrossModalNet, source: Source, index: np.ndarray) -> Tensor:
    """Compute the mean over the tokens of f_s for the samples at `index` [N]: [N, D], kept on the disk.

    The key is made of the samples themselves, of all that f_s is, of the number of tokens, and of what
    computes: device and version.
    """

    def make() -> np.ndarray:
        parts = [net.embed_source(source.take(chunk)).mean(1) for chunk in _chunks(index)]
        return torch.cat(parts).cpu().numpy()

    device = next(net.parameters()).device
    key = (
        _hash(source, index),
        net.backbone.fingerprint(),
        str(net.embedder.tokens),
        device.type,
        torch.__version__,
    )
    return torch.from_numpy(cached("source-features", key, make)).to(device)


def _hash(source: Source, index: np.ndarray) -> str:
    """Return a hash of the samples."""
    hashed = hashlib.sha256()
    for chunk in _chunks(index):
        samples = source.take(chunk)
        if isinstance(samples, Tensor):
            hashed.update(repr(tuple(samples.shape)).encode() + samples.numpy().tobytes())
        else:
            hashed.update(repr(samples).encode())
    return hashed.hexdigest()


def _chunks(index: np.ndarray) -> Iterator[np.ndarray]:
    yield from np.array_split(index, range(CHUNK, len(index), CHUNK))
