"""What a worker process does: it makes the run of a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isthmus.bench.jobs import Job
from isthmus.locks import LOCK, wait_for_lock
from isthmus.tasks import Task
from isthmus.training import fit


@dataclass(frozen=True, eq=False)
class Workplace:
    """What every run of a grid is given.

    Attributes:
        folder: Folder of the grid.
        given: Tasks that are not known by name, by their names.
    """

    folder: Path
    given: Mapping[str, Task]


def make_run(place: Workplace, job: Job) -> None:
    """Make the run of a job in its folder, go on with it, or leave it as it is if it is finished.

    A process that was given up, on a node that is not reached any more, may still be at the run: it is
    waited for.

    Raises:
        InputError: If the run cannot be made.
    """
    folder, task = place.folder / "runs" / job.name, job.settings["task"]
    with wait_for_lock(folder / LOCK, f"'{folder}'"):
        pass
    fit(**job.settings | {"task": place.given.get(task, task)}, out=folder, resume=True, floor=False)
