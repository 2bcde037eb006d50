"""What a grid's folder says of each of its runs: done, failed and why, or not yet there."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from isthmus.bench.jobs import Job
from isthmus.bench.worker import Failure
from isthmus.config import read_config
from isthmus.errors import InputError
from isthmus.files import make_folder, write_text
from isthmus.training import Run
from isthmus.training.run_folder import CONFIG, RESULT


@dataclass(frozen=True)
class Row:
    """One run of a grid.

    Attributes:
        task, method, backbone, seed: which, by label.
        status: `done` has figures, `failed` has a reason, `missing` has neither.
        metric, error: on the test data, in the metric's own terms.
        validation_error, steps, parameters, peak_mb: as in `result.json`.
        seconds: of search, training and test together.
        reason: why it failed.
    """

    task: str
    method: str
    backbone: str
    seed: int
    status: Literal["done", "failed", "missing"]
    metric: str = ""
    error: float = math.nan
    validation_error: float | None = None
    steps: int = 0
    seconds: float = math.nan
    parameters: float = math.nan
    peak_mb: float = math.nan
    reason: str = ""

    @property
    def system(self) -> tuple[str, str]:
        """Method and backbone: what tables compare."""
        return self.method, self.backbone

    def on_validation(self) -> "Row":
        """The same run with its error on validation data, to choose by; one that had none has failed."""
        if self.status != "done":
            return self
        if self.validation_error is None:
            return replace(self, status="failed", reason="it had no validation data: give validation above 0")
        return replace(self, error=self.validation_error)


def is_finished(out: Path, job: Job) -> bool:
    """Is there nothing left to do?"""
    return (out / "runs" / job.name / RESULT).exists()


def read_rows(out: Path, jobs: Iterable[Job]) -> list[Row]:
    """A row for every job, from the run folders in `out`."""
    return [read_row(out, job) for job in jobs]


def read_row(out: Path, job: Job) -> Row:
    """What the folder says of one job. A run that cannot be read is a failed one."""
    which = (job.task, job.method, job.backbone, job.seed)
    run, failure = Run(out / "runs" / job.name), _failure(out, job)
    if not is_finished(out, job):
        if not failure.exists():
            return Row(*which, "missing")
        return Row(*which, "failed", reason=_reason(failure))
    try:
        read_config(run.folder / CONFIG)  # an older description is said here
        result = run.result
        error = float(result["error"])
        if not math.isfinite(error):
            raise InputError(f"its test {result['metric']} is {error}")
        return Row(
            *which,
            "done",
            metric=result["metric"],
            error=error,
            validation_error=result["validation_error"],
            steps=result["steps"],
            seconds=sum(result.get(part, 0.0) for part in ("search_s", "wall_s", "test_s")),
            parameters=result.get("parameters", math.nan),
            peak_mb=result.get("peak_mb", math.nan),
        )
    except InputError as wrong:
        return Row(*which, "failed", reason=str(wrong))
    except (KeyError, TypeError, ValueError):
        return Row(*which, "failed", reason=f"'{run.folder / RESULT}' is damaged, or has no test error")


def write_failure(out: Path, job: Job, failure: Failure) -> None:
    """Keep why a job failed, until it is tried again."""
    path = _failure(out, job)
    make_folder(path.parent)
    write_text(path, json.dumps(asdict(failure), indent=2) + "\n")


def forget_failure(out: Path, job: Job) -> None:
    """It is tried again."""
    _failure(out, job).unlink(missing_ok=True)


def _failure(out: Path, job: Job) -> Path:
    return out / "failures" / f"{job.name}.json"


def _reason(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["reason"])
    except (KeyError, TypeError, ValueError):
        return f"'{path}' is damaged"
