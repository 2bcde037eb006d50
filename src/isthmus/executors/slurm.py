"""Slurm, by submitit: a job array, each job of which does one piece of work."""

import io
import re
import shlex
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.errors import InputError
from isthmus.executors.executor import Begun, Ended, Events, Executor, Failure, attempt, executors
from isthmus.extras import check_installed
from isthmus.files import make_folder, write_text

if TYPE_CHECKING:
    import submitit

FOLDER = "slurm"
"""Folder of submission files, logs, and pickles of submitit, which last as long as the work"""

LEFT = "jobs.txt"
"""File with the numbers of the jobs; one that is found was left by a call that was killed"""

ARRAY = 1000
"""Jobs of an array at most: as many as Slurm allows where nothing else is configured"""

POLL = 2.0
"""Seconds between two looks at the jobs"""

GRACE = 15.0
"""Seconds in which the result of a job that has ended may still be on its way through the file system"""

SAID = 4000
"""Characters that are kept of what a job said at its end"""

TIME = re.compile(
    r"(?:(?P<d>\d+)-(?P<h>\d+)(?::(?P<m>\d+)(?::\d+)?)?|(?P<H>\d+):(?P<M>\d+):\d+|(?P<min>\d+))$"
)


@executors.register("slurm")
class Slurm(Executor):
    """Jobs of Slurm, submitted from here; this machine waits for them.

    A job that comes to its time limit is queued again, and goes on where it was.

    Args:
        partition: Partition of the jobs; by default the cluster's.
        time: Time limit of a job as Slurm writes it: minutes, `HH:MM:SS` or `D-HH:MM`.
        gpus: GPUs of a job.
        cpus: Cores of a job.
        mem: Memory of a job, such as 16G; by default the cluster's.
        account: Account that is charged.
        qos: Quality of service.
        constraint: Features that nodes must have.
        requeues: Number of times that a job may come to its time limit and be queued again.
        setup: Lines of shell that come first in a job, such as `module load cuda`.
        sbatch: Any other options of sbatch: `--gres=gpu:a100:1 --exclude=node7`.

    Raises:
        InputError: If submitit or Slurm is missing, or an option does not fit.
    """

    def __init__(
        self,
        *,
        partition: str | None = None,
        time: int | str = 60,
        gpus: int = 0,
        cpus: int = 1,
        mem: str | None = None,
        account: str | None = None,
        qos: str | None = None,
        constraint: str | None = None,
        requeues: int = 10,
        setup: str = "",
        sbatch: str = "",
    ) -> None:
        check_installed("on=slurm", "submitit", "slurm")
        if shutil.which("sbatch") is None:
            message = "there is no sbatch here; give on=slurm on a machine that submits to Slurm, or on=local"
            raise InputError(message, kind="dependency", key="sbatch")
        self.requeues = requeues
        named = {"partition": partition, "mem": mem, "account": account, "qos": qos, "constraint": constraint}
        self.parameters: dict[str, Any] = {
            **{name: value for name, value in named.items() if value is not None},
            "time": minutes(time),
            "cpus_per_task": cpus,
            **({"gpus_per_node": gpus} if gpus else {}),
            # One thread, so that results do not depend on the machine.
            "setup": ["export OMP_NUM_THREADS=1", *setup.splitlines()],
            "additional_parameters": other_options(sbatch),
        }

    def usual_processes(self) -> None:
        """Leave the number of jobs at a time to Slurm."""

    def run(
        self,
        function: Callable[[Any, Any], object],
        shared: Any,
        pieces: Sequence[Any],
        folder: Path,
        processes: int | None,
    ) -> Events:
        """Call `function(shared, piece)` for every piece in a job of its own.

        Jobs that an earlier call left in the folder are cancelled first, and these where it is left early.
        """
        place = make_folder(folder / FOLDER)
        submitter = self.submitter(place)
        submitter.update_parameters(job_name=f"isthmus-{folder.name}", **self.parameters)
        _cancel_left(submitter, place)
        call = Call(function, _kept(shared, place / "shared.pkl"))
        waiting: dict[int, submitit.Job[Failure | None]] = {}
        begun, gone = set[int](), dict[str, float]()
        try:
            for first in range(0, len(pieces), ARRAY):
                part = pieces[first : first + ARRAY]
                submitter.update_parameters(array_parallelism=processes or len(part))
                waiting |= dict(enumerate(_submitted(submitter, call, part), start=first))
                write_text(place / LEFT, "\n".join({job.job_id.split("_")[0] for job in waiting.values()}))
            while waiting:
                for number in [number for number, job in waiting.items() if _has_begun(job)]:
                    if number not in begun:
                        begun.add(number)
                        yield Begun(number)
                    if _has_ended(waiting[number], gone):
                        yield Ended(number, _outcome(waiting.pop(number)))
                if waiting:
                    time.sleep(POLL)
        finally:
            if waiting:
                _cancel_left(submitter, place)
            (place / LEFT).unlink(missing_ok=True)
            for path in place.glob("*.pkl"):
                path.unlink(missing_ok=True)

    def submitter(self, place: Path) -> Any:
        """Return the executor of submitit that submits jobs, with its files in a folder."""
        from submitit import SlurmExecutor

        return SlurmExecutor(place, max_num_timeout=self.requeues)


class Call:
    """One call of a function in a job; a job that is queued again makes it again.

    Args:
        function: Function that is called.
        shared: File with what all calls are given.
    """

    def __init__(self, function: Callable[[Any, Any], object], shared: Path) -> None:
        self.function, self.shared = function, shared
        self.is_queued_again = False

    def __call__(self, piece: Any) -> Failure | None:
        """Call the function; return None if it is done, else why it failed."""
        from submitit.core.utils import DelayedSubmission

        (shared,) = DelayedSubmission.load(self.shared).args
        try:
            return attempt(self.function, shared, piece)
        except KeyboardInterrupt:  # SIGTERM: what has this job queued again, or kills it, is to follow
            if not self.is_queued_again:
                signal.pause()
            raise

    def checkpoint(self, piece: Any) -> Any:
        """Return what the job does when it begins again, which submitit asks for at a time limit."""
        from submitit.core.utils import DelayedSubmission

        self.is_queued_again = True
        return DelayedSubmission(self, piece)


def minutes(limit: int | str) -> int:
    """Return a time limit as Slurm writes it in minutes: 90, `1:30:00`, `1-12`, `1-12:00:00`.

    Raises:
        InputError: If it is written in another way, or is no time at all.
    """
    found = TIME.match(str(limit))
    part = {name: int(value or 0) for name, value in (found.groupdict() if found else {}).items()}
    total = sum(
        part.get(name, 0) * factor
        for name, factor in {"d": 1440, "h": 60, "H": 60, "m": 1, "M": 1, "min": 1}.items()
    )
    if not total:
        message = f"the time limit is {limit!r}; give minutes, HH:MM:SS or D-HH:MM"
        raise InputError(message, key="executor.time")
    return total


def other_options(words: str) -> dict[str, Any]:
    """Return options of sbatch by name, from what a command line would have: `--gres=gpu:1 --requeue`.

    Raises:
        InputError: If a word is no option.
    """
    options: dict[str, Any] = {}
    for word in shlex.split(words):
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            message = f"'{word}' is no option of sbatch; give --name=value, or --name"
            raise InputError(message, key="executor.sbatch")
        options[name] = value if equals else True
    return options


def _kept(shared: Any, path: Path) -> Path:
    """Keep what all calls are given in a file, once, in submitit's form."""
    from submitit.core.utils import DelayedSubmission

    DelayedSubmission(print, shared).dump(path)
    return path


def _submitted(submitter: Any, call: Call, pieces: Sequence[Any]) -> list[Any]:
    """Submit a job for each piece; raise InputError with what Slurm says if it refuses."""
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    try:
        with redirect_stderr(io.StringIO()):  # which submitit copies the words of sbatch to
            jobs: list[Any] = submitter.map_array(call, pieces)
    except (FailedJobError, FailedSubmissionError) as error:
        said = [line for line in str(error).splitlines() if "sbatch: error" in line] or [str(error)]
        message = f"Slurm refuses the jobs: {' '.join(said[0].split())}"
        raise InputError(message, kind="value", key="sbatch") from None
    return jobs


def _cancel_left(submitter: Any, place: Path) -> None:
    """Cancel the jobs whose numbers are in a folder's file."""
    if (place / LEFT).is_file():
        for number in (place / LEFT).read_text(encoding="utf-8").split():
            submitter.job_class(folder=place, job_id=number).cancel(check=False)


def _has_begun(job: "submitit.Job[Any]") -> bool:
    """Return whether a job has begun, or ended before it could."""
    return job.paths.stdout.exists() or job.done()


def _has_ended(job: "submitit.Job[Any]", gone: dict[str, float]) -> bool:
    """Return whether a job has ended.

    Args:
        job: Job that has begun.
        gone: When it was first seen of each job that it has ended without a result.
    """
    if not job.done():
        return False
    since = gone.setdefault(job.job_id, time.monotonic())
    return job.paths.result_pickle.exists() or time.monotonic() - since >= GRACE


def _outcome(job: "submitit.Job[Failure | None]") -> Failure | None:
    """Return None if the piece of a job that has ended is done, else why it failed."""
    if job.paths.result_pickle.exists():
        return job.result()
    said = (job.stderr() or "")[-SAID:]
    return Failure(
        f"its Slurm job {job.job_id} ended without a result ({job.state}); see {job.paths.stderr}", said
    )
