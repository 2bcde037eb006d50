"""Published batches of CIFAR-10 and CIFAR-100: pickles that Python 2 wrote."""

import numpy as np

from isthmus.store.archives import Archive
from isthmus.store.reading import as_array, entry, same_length
from isthmus.store.unpickle import unpickle


def read_batch(archive: Archive, name: str, labels: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures [N, 3, 32, 32] uint8 and class numbers [N].

    Args:
        archive: the published one.
        name: of the batch in it.
        labels: what the batch calls its class numbers.

    Raises:
        InputError: if there is no such batch, or it holds something else.
    """
    place = archive.place(name)
    with archive.open(name) as file:
        content = unpickle(file, place)
    x = as_array(entry(content, "data", place), "data", place)
    y = as_array(entry(content, labels, place), labels, place)
    same_length(place, pictures=x, labels=y)
    return x.reshape(-1, 3, 32, 32) if x.shape[1:] == (3072,) else x, y
