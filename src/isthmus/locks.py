"""Locks on what is written, so that two processes never write to the same place at the same time."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from isthmus.errors import InputError
from isthmus.files import is_part, make_folder

log = logging.getLogger("isthmus")

LOCK = ".lock"
"""Name of the lock file in a folder that one process at a time writes to"""

PATIENCE = 3.0
"""Seconds to wait for a lock before saying who holds it"""


@contextmanager
def wait_for_lock(path: Path, what: str) -> Iterator[bool]:
    """Hold a lock while the block runs; wait as long as another process holds it.

    After a few seconds of waiting, one line of the log says which process holds the lock.

    Args:
        path: Lock file, whose folder is made where there is none.
        what: What is written under the lock, for messages.

    Yields:
        Whether the lock is held; it is not where the file system has no locks.

    Raises:
        InputError: If the folder of the lock file cannot be written to.
    """

    def wait(lock: FileLock, holder: str) -> None:
        log.warning("waiting for %s, which writes %s", holder, what)
        lock.acquire(timeout=-1)

    with _held(path, what, wait) as held:
        yield held


@contextmanager
def lock_folder(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder while the block runs.

    Args:
        folder: Folder that is written to, made where there is none.

    Yields:
        Whether the lock is held; it is not where the file system has no locks.

    Raises:
        InputError: If another process holds the lock and keeps it for some seconds, or the folder cannot be
            written to.
    """

    def refuse(lock: FileLock, holder: str) -> None:
        raise InputError(
            f"{holder} is at work in '{folder}'; wait for it, or give another folder",
            kind="conflict",
            key=folder,
        )

    with _held(folder / LOCK, f"'{folder}'", refuse) as held:
        yield held


def is_lock(path: Path) -> bool:
    """Return whether a file is named like one that a lock of a folder consists of."""
    return path.name in (LOCK, _owner(path.with_name(LOCK)).name)


def is_unused(folder: Path) -> bool:
    """Return whether a folder is not there, or holds nothing but locks and what a killed process leaves."""
    return not folder.is_dir() or all(is_part(path) or is_lock(path) for path in folder.iterdir())


@contextmanager
def _held(path: Path, what: str, when_taken: Callable[[FileLock, str], None]) -> Iterator[bool]:
    """Hold a lock while the block runs; the operating system releases that of a process that is killed.

    Args:
        path: Lock file; it is removed at the end, by the process that holds it.
        what: What is written under the lock.
        when_taken: What is done if another process, of that description, holds it.
    """
    make_folder(path.parent)
    lock, owner = FileLock(path), _owner(path)
    try:
        try:
            lock.acquire(timeout=PATIENCE)
        except Timeout:
            when_taken(lock, _holder(owner))
    except (OSError, NotImplementedError) as error:
        log.warning("cannot lock '%s' (%s); %s is written without a lock", path, error, what)
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
                path.unlink(missing_ok=True)  # who opened it before sees that it is gone, and opens it anew
            lock.release()


def _owner(path: Path) -> Path:
    """Return the file that says who holds a lock."""
    return path.with_name(f"{path.name}.owner")


def _holder(owner: Path) -> str:
    """Return who holds a lock, as far as that is known."""
    try:
        return owner.read_text() or "another process"
    except (OSError, UnicodeDecodeError):
        return "another process"
