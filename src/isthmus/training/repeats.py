"""Samples of validation and test data that are training samples, too."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

import numpy as np

from isthmus.tasks import Split

CHUNK = 256
MOST_BYTES = 2**27
"""Size of training data beyond which it is not read once more for this"""


def count_repeats(train: Split, other: Iterable[bytes]) -> int | None:
    """Count the samples that are training samples, too; None if there is too much training data to read.

    Args:
        train: Training samples.
        other: Digest of each of the other samples.
    """
    if int(np.prod(train.x.shape, dtype=np.int64)) * train.x.dtype.itemsize > MOST_BYTES:
        return None
    known = set(digests_of(train))
    return sum(digest in known for digest in other)


def digests_of(split: Split) -> Iterator[bytes]:
    """Yield a digest of each sample's input."""
    for start in range(0, len(split), CHUNK):
        yield from digests(np.asarray(split.x[np.arange(start, min(start + CHUNK, len(split)))]))


def digests(samples: np.ndarray) -> Iterator[bytes]:
    """Yield a digest of the numbers of each of samples [N, C, ...]."""
    return (blake2b(sample.tobytes(), digest_size=16).digest() for sample in samples)
