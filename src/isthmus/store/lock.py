"""The lock on each data set."""

from contextlib import AbstractContextManager
from pathlib import Path

from isthmus.locks import wait_for_lock
from isthmus.store.paths import lock_file


def data_lock(name: str, root: Path | str | None = None) -> AbstractContextManager[bool]:
    """Hold the lock of a data set while a block runs; wait as long as another process holds it.

    Args:
        name: Name of the data set.
        root: Folder of all data.

    Raises:
        InputError: If the folder of all data cannot be written to.
    """
    return wait_for_lock(lock_file(name, root), f"the data of '{name}'")
