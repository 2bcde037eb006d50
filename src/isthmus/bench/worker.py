"""What a worker process does: one run after the other, as it is told."""

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
    """Why a run did not finish: in one line, and for a fault of ours where it happened."""

    reason: str
    trace: str = ""


def work(pipe: Connection, log: Path, given: Mapping[str, Task]) -> None:
    """Say None when ready, then take (job, its folder) and say None or a Failure, until the pipe is closed.

    What libraries print goes to the file `log`. One thread, so that a run's figures do not depend on how
    many run beside it.
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
    """Fit a job in its folder, from where it was cut off if it was; None if it is done."""
    task = job.words["task"]
    try:
        fit(**job.words | {"task": given.get(task, task)}, out=folder, resume=True)
    except InputError as error:
        return Failure(str(error))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Failure(reason[:300], traceback.format_exc())
    return None
