"""Processes on this machine, which do one piece of work after the other."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.executors.executor import Begun, Ended, Events, Executor, Failure, attempt, executors
from isthmus.files import make_folder
from isthmus.processes import end_with_parent

CONTEXT = get_context("spawn")
LOG = "workers.log"
"""File of the folder that takes what libraries print"""


@executors.register("local")
class Local(Executor):
    """This machine: by default a process for each GPU, or for each core where there is no GPU."""

    def usual_processes(self) -> int:
        """Return the number of GPUs, or of cores that this process may use where there is no GPU."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return _gpus() or cores

    def run(
        self,
        function: Callable[[Any, Any], object],
        shared: Any,
        pieces: Sequence[Any],
        folder: Path,
        processes: int | None,
    ) -> Events:
        """Call `function(shared, piece)` for every piece in processes that end with this one.

        Where it is left early, the processes are killed.
        """
        at_once = min(processes or self.usual_processes(), len(pieces))
        waiting, workers = deque(enumerate(pieces)), list[Worker]()
        devices = _devices()
        make_folder(folder)
        try:
            while waiting or workers:
                for _ in range(min(at_once - len(workers), len(waiting))):
                    taken = [worker.device for worker in workers]
                    device = min(devices, key=taken.count)
                    workers.append(Worker(folder / LOG, function, shared, device))
                ready = wait([worker.pipe for worker in workers])
                for worker in [worker for worker in workers if worker.pipe in ready]:
                    failure = worker.answer()
                    if worker.number is not None:
                        yield Ended(worker.number, failure)
                    if waiting and worker.process.is_alive():
                        number, piece = waiting.popleft()
                        yield Begun(number)
                        worker.give(number, piece)
                    else:
                        worker.stop()
                        workers.remove(worker)
        finally:
            for worker in workers:
                worker.stop()


class Worker:
    """A process that does one piece of work after the other.

    Args:
        log: File that takes what libraries print.
        function: Function that is called for each piece.
        shared: What all calls are given.
        device: Value of CUDA_VISIBLE_DEVICES in the process; None to leave it as it is.

    Attributes:
        number: Number of the piece that it works on; None while it starts.
    """

    def __init__(
        self, log: Path, function: Callable[[Any, Any], object], shared: Any, device: str | None
    ) -> None:
        self.device = device
        self.number: int | None = None
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=work, args=(theirs, log, function, shared), daemon=True)
        with _surroundings(device):
            self.process.start()
        theirs.close()  # so that the pipe ends when the process does

    def answer(self) -> Failure | None:
        """Receive the outcome of its work: None if it is done, else why it failed.

        Raises:
            InputError: If the process ended before it could take any.
        """
        try:
            failure: Failure | None = self.pipe.recv()
            return failure
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode or 0
        if self.number is None:
            raise InputError(
                f"a worker process ended with code {code} before it could begin; a script that "
                "compares does it under `if __name__ == '__main__':`"
            )
        how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
        return Failure(f"its process {how}")

    def give(self, number: int, piece: Any) -> None:
        """Send it a piece of work."""
        self.number = number
        with suppress(OSError):  # it has just ended, as its answer will say
            self.pipe.send(piece)

    def stop(self) -> None:
        """Kill the process, whatever it works on."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def work(pipe: Connection, log: Path, function: Callable[[Any, Any], object], shared: Any) -> None:
    """Send None when ready, then receive a piece and send None or a Failure, until the pipe is closed.

    Args:
        pipe: Connection to the process that gives the work.
        log: File that takes what libraries print.
        function: Function that is called for each piece.
        shared: What all calls are given.
    """
    import torch

    end_with_parent()
    with open(log, "a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    torch.set_num_threads(1)  # so that the results do not depend on the number of processes
    pipe.send(None)
    with suppress(EOFError):
        while True:
            pipe.send(attempt(function, shared, pipe.recv()))


def _gpus() -> int:
    import torch

    return torch.cuda.device_count()


def _devices() -> list[str | None]:
    """List the values of CUDA_VISIBLE_DEVICES that give a process one GPU; [None] where there is no GPU."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    numbers = visible.split(",") if visible else map(str, range(_gpus()))
    return list(numbers) or [None]


@contextmanager
def _surroundings(device: str | None) -> Iterator[None]:
    """Make processes that start inside inherit one thread, one GPU, and that Ctrl-C is ignored."""
    born = {"OMP_NUM_THREADS": "1"} | ({} if device is None else {"CUDA_VISIBLE_DEVICES": device})
    before = {name: os.environ.get(name) for name in born}
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None
    os.environ.update(born)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if in_main:
            signal.signal(signal.SIGINT, handler)
