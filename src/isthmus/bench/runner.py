"""Worker processes that make the runs of a grid, several at a time."""

import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path

import torch

from isthmus.bench.display import Display
from isthmus.bench.jobs import Job
from isthmus.bench.records import write_failure
from isthmus.bench.worker import Failure, work
from isthmus.errors import InputError
from isthmus.tasks import Task

CONTEXT = get_context("spawn")


class Worker:
    """A process that makes one run after the other.

    Args:
        log: File that takes what libraries print.
        given: Tasks that are not known by name, by their names.
        device: Value of CUDA_VISIBLE_DEVICES in the process; None to leave it as it is.

    Attributes:
        job: Job that it works on; None while it starts.
    """

    def __init__(self, log: Path, given: Mapping[str, Task], device: str | None) -> None:
        self.device = device
        self.job: Job | None = None
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=work, args=(theirs, log, given), daemon=True)
        with _surroundings(device):
            self.process.start()
        theirs.close()  # so that the pipe ends when the process does

    def answer(self) -> Failure | None:
        """Receive the outcome of its job: None if it is done, else why it failed.

        Raises:
            InputError: If the process ended before it could take a job.
        """
        try:
            failure: Failure | None = self.pipe.recv()
            return failure
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode or 0
        if self.job is None:
            raise InputError(
                f"a worker process ended with code {code} before it could begin; a script that "
                "compares does it under `if __name__ == '__main__':`"
            )
        how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
        return Failure(f"its process {how}")

    def give(self, job: Job, folder: Path) -> None:
        """Send it a job, to be run in a folder."""
        self.job = job
        with suppress(OSError):  # it has just ended, as its answer will say
            self.pipe.send((job, folder))

    def stop(self) -> None:
        """Kill the process, whatever it works on."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def run_jobs(
    jobs: Sequence[Job], out: Path, given: Mapping[str, Task], processes: int, shown: Display
) -> None:
    """Make every run in its folder under `out/runs`; a failed one is recorded, and the others go on.

    Args:
        jobs: Jobs in the order in which they begin.
        out: Folder of the grid.
        given: Tasks that are not known by name, by their names.
        processes: Number of jobs at a time.
        shown: Display of the progress.

    Raises:
        InputError: If no worker process can begin.
        KeyboardInterrupt: At Ctrl-C, after all workers have ended; unfinished runs can be resumed.
    """
    waiting, workers = deque(jobs), list[Worker]()
    devices = _devices()
    try:
        while waiting or workers:
            for _ in range(min(processes - len(workers), len(waiting))):
                taken = [worker.device for worker in workers]
                device = min(devices, key=taken.count)
                workers.append(Worker(out / "workers.log", given, device))
            ready = wait([worker.pipe for worker in workers])
            for worker in [worker for worker in workers if worker.pipe in ready]:
                failure = worker.answer()
                if worker.job is not None:
                    if failure is not None:
                        write_failure(out, worker.job, failure)
                    shown.ended(worker.job)
                if waiting and worker.process.is_alive():
                    job = waiting.popleft()
                    shown.begun(job)
                    worker.give(job, out / "runs" / job.name)
                else:
                    worker.stop()
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.stop()


def usual_processes() -> int:
    """Return the default number of processes: one for each GPU, or for each core where there is no GPU."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return torch.cuda.device_count() or cores


def _devices() -> list[str | None]:
    """List the values of CUDA_VISIBLE_DEVICES that give a process one GPU; [None] where there is no GPU."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    numbers = visible.split(",") if visible else map(str, range(torch.cuda.device_count()))
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
