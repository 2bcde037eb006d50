"""A grid's folder is locked by one process at a time."""

from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from isthmus.bench.lock import lock_folder
from isthmus.errors import InputError


def hold(folder: Path, pipe: Connection) -> None:
    """Hold the lock until the process is killed."""
    with lock_folder(folder):
        pipe.send("locked")
        pipe.recv()


def test_a_lock_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(tmp_path, theirs), daemon=True)
    process.start()
    assert ours.recv() == "locked"
    with pytest.raises(InputError) as error, lock_folder(tmp_path):
        pass
    assert (error.value.kind, error.value.key) == ("conflict", str(tmp_path))
    process.kill()
    process.join()
    with lock_folder(tmp_path):
        pass


def test_a_lock_ends_with_the_block(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), lock_folder(tmp_path):
            raise ZeroDivisionError
