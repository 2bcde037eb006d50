"""Arrays that are computed once: kept beside the data, by a key made of all that made them."""

import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.files import atomic_write, make_folder
from isthmus.store.paths import data_root

log = logging.getLogger("isthmus")

MOST = 2**30
"""bytes that are kept; beyond, what was not asked for the longest goes first"""


def cached(
    what: str,
    key: tuple[str, ...],
    make: Callable[[], np.ndarray],
    root: Path | str | None = None,
) -> np.ndarray:
    """What `make` gives, from the disk if it was made of the same before.

    A damaged file is made again; a disk that cannot be written to is done without.

    Args:
        what: is kept: a folder under ROOT/cache.
        key: all that the array depends on.
        make: the array, of numbers.
        root: folder of all data.
    """
    folder = data_root(root) / "cache" / what
    path = folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()}.npy"
    try:
        array: np.ndarray = np.load(path, allow_pickle=False)
        with suppress(OSError):
            path.touch()
        return array
    except (OSError, ValueError, EOFError):
        array = make()
    try:
        with atomic_write(make_folder(folder) / path.name) as beside, open(beside, "wb") as file:
            np.save(file, array, allow_pickle=False)
        _tidy(folder)
    except (InputError, OSError) as error:
        log.info("%s are not kept: %s", what, error)
    return array


def _tidy(folder: Path) -> None:
    """Remove the oldest files beyond what is kept."""
    files = sorted(folder.glob("*.npy"), key=lambda file: file.stat().st_mtime, reverse=True)
    total = 0
    for file in files:
        total += file.stat().st_size
        if total > MOST:
            file.unlink(missing_ok=True)
