"""A folder is written to by one process at a time."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from isthmus import locks
from isthmus.locks import lock_folder, wait_for_lock


def hold(folder: Path, pipe: Connection) -> None:
    """Hold the lock until the process is killed."""
    with lock_folder(folder):
        pipe.send("locked")
        pipe.recv()


def test_a_lock_ends_with_the_process_that_holds_it(
    tmp_path: Path, refuses: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.01)
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(tmp_path, theirs), daemon=True)
    process.start()
    assert ours.recv() == "locked"
    with refuses("conflict", tmp_path) as error, lock_folder(tmp_path):
        pass
    assert str(error.value).startswith(f"process {process.pid} on ")
    process.kill()
    process.join()
    with lock_folder(tmp_path) as held:
        assert held
    assert list(tmp_path.iterdir()) == []


def count_up(folder: Path, times: int) -> None:
    """Add to a number in a file, which is lost to whoever reads it between another's reading and writing."""
    for _ in range(times):
        with wait_for_lock(folder / "lock", "the number"):
            number = int((folder / "number").read_text())
            (folder / "number").write_text(str(number + 1))


def test_nothing_is_lost_where_lock_files_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    processes = [get_context("fork").Process(target=count_up, args=(tmp_path, 40)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert (tmp_path / "number").read_text() == "160"
    assert [path.name for path in tmp_path.iterdir()] == ["number"]


@pytest.mark.parametrize("name", [".lock", ".lock.owner"])
def test_what_a_killed_process_leaves_of_a_lock_is_known(name: str) -> None:
    assert locks.is_lock(Path("folder") / name)
    assert not locks.is_lock(Path("folder") / name.removeprefix("."))


def test_a_folder_is_unused_whatever_a_killed_process_left_in_it(tmp_path: Path) -> None:
    assert locks.is_unused(tmp_path / "absent")
    for name in (".lock", ".lock.owner", ".config.yaml.7.part.yaml"):
        (tmp_path / name).touch()
    assert locks.is_unused(tmp_path)
    (tmp_path / "file").touch()
    assert not locks.is_unused(tmp_path)


def test_a_lock_ends_with_the_block(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), lock_folder(tmp_path):
            raise ZeroDivisionError
