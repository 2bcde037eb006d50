"""Worker processes that end with the process that started them."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from isthmus.processes import end_with_parent

SCRIPT = """
import multiprocessing, os, signal, threading

from isthmus.processes import end_with_parent


def work(connection):
    end_with_parent()
    connection.send("ready")
    threading.Event().wait()


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    context.Process(target=work, args=(theirs,)).start()
    print(ours.recv(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    """The worker keeps the output open, so the output ends only when the worker does."""
    script = tmp_path / "parent.py"
    script.write_text(SCRIPT)
    parent = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, text=True, timeout=120)
    assert parent.stdout == "ready\n"
    assert parent.returncode == -signal.SIGKILL


def test_a_process_without_a_parent_is_refused() -> None:
    with pytest.raises(AssertionError, match="only a worker process has a parent"):
        end_with_parent()
