"""Published batches of CIFAR-10 and CIFAR-100: pickles that Python 2 wrote."""

import numpy as np

from isthmus.store.archives import Archive
from isthmus.store.reading import as_array, entry, same_length
from isthmus.store.unpickle import unpickle


def read_batch(archive: Archive, name: str, labels: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the pictures [N, 3, 32, 32] uint8 and class numbers [N] of a batch.

    Args:
        archive: Published archive.
        name: Path of the batch in the archive.
        labels: Key of the class numbers in the batch.

    Raises:
        InputError: If there is no such batch, or it holds something else.
    """
    place = archive.place(name)
    with archive.open(name) as file:
        content = unpickle(file, place)
    x = as_array(entry(content, "data", place), "data", place)
    y = as_array(entry(content, labels, place), labels, place)
    same_length(place, pictures=x, labels=y)
    return x.reshape(-1, 3, 32, 32) if x.shape[1:] == (3072,) else x, y
