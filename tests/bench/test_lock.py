"""A grid's folder is locked by one process at a time."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from isthmus.bench.lock import lock_folder


def hold(folder: Path, pipe: Connection) -> None:
    """Hold the lock until the process is killed."""
    with lock_folder(folder):
        pipe.send("locked")
        pipe.recv()


def test_a_lock_ends_with_the_process_that_holds_it(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(tmp_path, theirs), daemon=True)
    process.start()
    assert ours.recv() == "locked"
    with refuses("conflict", tmp_path), lock_folder(tmp_path):
        pass
    process.kill()
    process.join()
    with lock_folder(tmp_path):
        pass


def test_a_lock_ends_with_the_block(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), lock_folder(tmp_path):
            raise ZeroDivisionError
