"""Lock on a grid's folder, so that only one process at a time writes to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from isthmus.errors import InputError

LOCK = ".lock"
"""Name of the lock file in a grid's folder."""


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder until the end of the block, or of the process, however it ends.

    Args:
        folder: Folder of a grid; it must exist.

    Raises:
        InputError: If another process holds the lock.
    """
    try:
        lock = FileLock(folder / LOCK).acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"another process is at work in '{folder}'; wait for it, or give another folder",
            kind="conflict",
            key=folder,
        ) from None
    with lock:
        yield
