"""Two processes never write the same data set at the same time."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import pytest

from isthmus import locks
from isthmus.store.lock import data_lock
from isthmus.store.paths import data_root, lock_file
from isthmus.tasks.generated import generate

HOLDER = """
import sys
from isthmus.store.lock import data_lock
with data_lock(sys.argv[1], sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
"""
Holder = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Holder]:
    """Another process that holds the lock of a data set until it reads a line: holder(name)."""
    started = []

    def start(name: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", HOLDER, name, str(tmp_path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


class Messages(logging.Handler):
    """Keeps messages, and knows when there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.arrived = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
        self.arrived.set()


@pytest.fixture
def messages() -> Iterator[Messages]:
    handler = Messages()
    locks.log.addHandler(handler)
    yield handler
    locks.log.removeHandler(handler)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_second_process_waits_says_for_whom_and_goes_on(
    tmp_path: Path, holder: Holder, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.01)
    process, entered = holder("a/b"), threading.Event()

    def enter() -> None:
        with data_lock("a/b", tmp_path) as locked:
            assert locked
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert messages.arrived.wait(60)
    assert not entered.is_set()
    process.communicate("\n")
    thread.join(60)
    assert entered.is_set()
    (message,) = messages.texts
    assert message.startswith(f"waiting for process {process.pid} on ")
    assert message.endswith(", which writes the data of 'a/b'")


def test_another_data_set_is_free(tmp_path: Path, holder: Holder, messages: Messages) -> None:
    holder("a/b")
    with data_lock("a/c", tmp_path) as locked:
        assert locked
    assert messages.texts == []


def test_a_killed_process_frees_its_lock(tmp_path: Path, holder: Holder, messages: Messages) -> None:
    process = holder("a")
    process.kill()
    process.wait()
    with data_lock("a", tmp_path) as locked:
        assert locked
    assert messages.texts == []


def test_an_error_frees_the_lock(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), data_lock("a", tmp_path):
            raise KeyboardInterrupt


def test_nothing_is_left_and_nothing_lies_in_the_data_set_s_folder(tmp_path: Path) -> None:
    with data_lock("a/b", tmp_path):
        assert files(tmp_path) == [".locks/a/b.lock", ".locks/a/b.lock.owner"]
    assert files(tmp_path) == []
    assert not (tmp_path / "a").exists()
    assert lock_file("a/b", tmp_path) == data_root(tmp_path) / ".locks" / "a" / "b.lock"


@pytest.mark.parametrize("error", [OSError(37, "No locks available"), NotImplementedError("no flock")])
def test_a_file_system_without_locks_is_done_without(
    tmp_path: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(self: filelock.FileLock, timeout: float | None = None) -> None:
        raise error

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    with data_lock("a", tmp_path) as locked:
        assert not locked
    (message,) = messages.texts
    assert message.startswith(f"cannot lock '{tmp_path}/.locks/a.lock' (")
    assert message.endswith("the data of 'a' is written without a lock")


def test_what_is_generated_is_locked(tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        with pytest.raises(filelock.Timeout):
            filelock.FileLock(lock_file("pdebench/advection1d", tmp_path)).acquire(timeout=0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate("pdebench/advection1d", tmp_path, samples=20, resolution=16, progress=interrupt)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    (tmp_path / "file").write_text("")
    with refuses("file", tmp_path / "file" / ".locks"), data_lock("a", tmp_path / "file"):
        pass
