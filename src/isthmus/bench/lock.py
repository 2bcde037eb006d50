"""One process at a time runs a grid in a folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from isthmus.errors import InputError

LOCK = ".lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder; let go at the end of the block, or of the process, however it ends.

    Raises:
        InputError: if another process holds it.
    """
    with open(folder / LOCK, "a") as file:
        try:
            _lock(file)
        except OSError:
            raise InputError(
                f"another process is at work in '{folder}'; wait for it, or give another folder"
            ) from None
        yield


def _lock(file: IO[str]) -> None:
    """Lock the file until it is closed, or raise OSError at once."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
