"""What is computed once: kept beside the data, under a key made of everything that it depends on."""

import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.files import atomic_write, is_part, make_folder
from isthmus.store.paths import data_root

log = logging.getLogger("isthmus")

STALE = 3600.0
"""Seconds after which a file that is not yet whole was left by a process that was killed"""

MAX_BYTES = 2**30
"""Bytes that are kept; beyond that, the least recently used files are removed first."""


def cached(
    what: str,
    key: tuple[str, ...],
    make: Callable[[], np.ndarray],
    root: Path | str | None = None,
) -> np.ndarray:
    """Return the array that `make` computes, from the disk if it was computed with the same key before.

    A damaged file is computed again; if the disk cannot be written to, nothing is kept.

    Args:
        what: Kind of array: its folder under ROOT/cache.
        key: Everything that the array depends on.
        make: Function that computes the array, of numbers.
        root: Folder of all data.
    """
    path = cache_file(what, key, ".npy", root)
    try:
        array: np.ndarray = np.load(path, allow_pickle=False)
        with suppress(OSError):
            path.touch()
        return array
    except (OSError, ValueError, EOFError):
        array = make()

    def save(temporary: Path) -> None:
        with open(temporary, "wb") as file:
            np.save(file, array, allow_pickle=False)

    keep(path, save)
    return array


def cache_file(what: str, key: tuple[str, ...], suffix: str, root: Path | str | None = None) -> Path:
    """Return the path of what is kept under a key, whether there is something or not.

    Args:
        what: Kind of thing: its folder under ROOT/cache.
        key: Everything that it depends on.
        suffix: Suffix of the file.
        root: Folder of all data.
    """
    name = hashlib.sha256(repr(key).encode()).hexdigest()
    return data_root(root) / "cache" / what / f"{name}{suffix}"


def keep(path: Path, save: Callable[[Path], object]) -> None:
    """Write a file of the cache by `save(temporary path)`; nothing is kept where that is not possible."""
    folder = path.parent
    try:
        with atomic_write(make_folder(folder) / path.name) as temporary:
            save(temporary)
        _remove_oldest(folder)
    except (InputError, OSError) as error:
        log.info("%s are not kept: %s", folder.name, error)


def _remove_oldest(folder: Path) -> None:
    """Remove the least recently used files beyond the size that is kept."""
    for left in filter(is_part, folder.iterdir()):
        if time.time() - left.stat().st_mtime > STALE:
            left.unlink(missing_ok=True)
    files = sorted(folder.glob("[!.]*"), key=lambda file: file.stat().st_mtime, reverse=True)
    total = 0
    for file in files:
        total += file.stat().st_size
        if total > MAX_BYTES:
            file.unlink(missing_ok=True)
