"""What processes do that make one run after the other: end with the one that started them, free memory."""

import gc
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


def free_memory() -> None:
    """Free what a run leaves in circles of references, as between a trainer and its module.

    Python looks for circles by the number of objects, not by their size, so that the weights of dozens of
    runs of one process would pile up.
    """
    gc.collect()
