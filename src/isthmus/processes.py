"""Worker processes that end with the process that started them."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """End this worker process as soon as its parent process has ended, even if the parent was killed.

    A daemon thread waits for the parent and then exits at once with code 1, wherever the worker is. Call it
    first thing in a process started by `multiprocessing`.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None, "only a worker process has a parent to end with"

    def wait_and_exit() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_exit, daemon=True).start()
