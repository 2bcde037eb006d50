"""The body of a worker process: it takes jobs from a pipe and makes their runs."""

import os
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from isthmus.bench.jobs import Job
from isthmus.errors import InputError
from isthmus.processes import end_with_parent
from isthmus.tasks import Task
from isthmus.training import fit


@dataclass(frozen=True)
class Failure:
    """Why a run did not finish.

    Attributes:
        reason: The reason in one line.
        trace: Traceback, unless the input was wrong.
    """

    reason: str
    trace: str = ""


def work(pipe: Connection, log: Path, given: Mapping[str, Task]) -> None:
    """Send None when ready, then receive (job, folder) and send None or a Failure, until the pipe is closed.

    It works on one thread, so that the results do not depend on the number of processes.

    Args:
        pipe: Connection to the process that gives the jobs.
        log: File that takes what libraries print.
        given: Tasks that are not known by name, by their names.
    """
    end_with_parent()
    with open(log, "a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    torch.set_num_threads(1)
    pipe.send(None)
    with suppress(EOFError):
        while True:
            job, folder = pipe.recv()
            pipe.send(attempt(job, folder, given))


def attempt(job: Job, folder: Path, given: Mapping[str, Task]) -> Failure | None:
    """Make or resume the run of a job in its folder; return None if it is done, else why it failed."""
    task = job.words["task"]
    try:
        fit(**job.words | {"task": given.get(task, task)}, out=folder, resume=True, floor=False)
    except InputError as error:
        return Failure(str(error))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Failure(reason[:300], traceback.format_exc())
    return None
