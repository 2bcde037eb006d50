"""A lock on each data set, so that two processes never write the same one at the same time."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from isthmus.files import make_folder
from isthmus.store.paths import lock_file

log = logging.getLogger("isthmus")

PATIENCE = 3.0
"""Seconds to wait for a lock before saying who holds it."""


@contextmanager
def data_lock(name: str, root: Path | str | None = None) -> Iterator[bool]:
    """Hold the lock of a data set while the block runs; wait as long as another process holds it.

    After a few seconds of waiting, one line of the log says which process holds the lock. The operating
    system releases the lock of a process that is killed. Where the file system has no locks, the block runs
    without one, and the log says so.

    Args:
        name: Name of the data set.
        root: Folder of all data.

    Yields:
        Whether the lock is held.

    Raises:
        InputError: If the folder of all data cannot be written to.
    """
    path = lock_file(name, root)
    make_folder(path.parent)
    lock, owner = FileLock(path), path.with_name(f"{path.name}.owner")
    try:
        _acquire(lock, owner, name)
    except (OSError, NotImplementedError) as error:
        log.warning("cannot lock '%s' (%s); the data of '%s' is written without a lock", path, error, name)
    else:
        with suppress(OSError):  # who owns the lock only matters to those who wait
            since = datetime.now().isoformat(" ", "seconds")
            owner.write_text(f"process {os.getpid()} on {socket.gethostname()} (since {since})")
    try:
        yield lock.is_locked
    finally:
        if lock.is_locked:
            with suppress(OSError):
                owner.unlink(missing_ok=True)
            lock.release()


def _acquire(lock: FileLock, owner: Path, name: str) -> None:
    """Acquire a lock, and log who holds it if that takes long."""
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        try:
            holder = owner.read_text()
        except (OSError, UnicodeDecodeError):
            holder = "another process"
        log.warning("waiting for %s, which writes the data of '%s'", holder, name)
        lock.acquire(timeout=-1)
