"""Records of a grid's runs, read from its folder: done, failed and why, or missing."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from isthmus.bench.jobs import Job
from isthmus.config import read_config
from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.executors import Failure
from isthmus.files import make_folder, write_text
from isthmus.training import Run
from isthmus.training.run_folder import CONFIG, RESULT


@dataclass(frozen=True)
class RunRecord:
    """State and result of one run of a grid.

    Attributes:
        task: Label of the task.
        method: Label of the method.
        backbone: Label of the backbone.
        seed: Seed of the run.
        status: `done` has an error, `failed` has a reason, `missing` has neither.
        metric: Name of the metric.
        error: Error on the test data, in the unit of the metric.
        validation_error: Error on the validation data; None where there are none.
        steps: Number of optimiser steps.
        seconds: Time of search, training and test together.
        parameters: Number of parameters.
        peak_mb: Highest memory use in MiB.
        reason: Why the run failed.
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
        """Labels of method and backbone: what the tables compare."""
        return self.method, self.backbone

    def on_validation(self) -> "RunRecord":
        """Return the record with the validation error as its error; failed where there is none."""
        if self.status != "done":
            return self
        if self.validation_error is None:
            return replace(self, status="failed", reason="it had no validation data: give validation above 0")
        return replace(self, error=self.validation_error)


def is_finished(folder: Path, job: Job) -> bool:
    """Tell whether the run of a job is finished in a grid's folder."""
    return (folder / "runs" / job.name / RESULT).exists()


def read_records(folder: Path, jobs: Iterable[Job]) -> list[RunRecord]:
    """Read a record for every job from a grid's folder."""
    return [read_record(folder, job) for job in jobs]


def read_record(folder: Path, job: Job) -> RunRecord:
    """Read the record of one job from a grid's folder; a run that cannot be read counts as failed."""
    labels = (job.task, job.method, job.backbone, job.seed)
    run, failure = Run(folder / "runs" / job.name), _failure_path(folder, job)
    if not is_finished(folder, job):
        if not failure.exists():
            return RunRecord(*labels, "missing")
        return RunRecord(*labels, "failed", reason=_read_reason(failure))
    try:
        read_config(run.folder / CONFIG)  # raises InputError for a run of another schema
        result = run.result
        error = float(result["error"])
        if not math.isfinite(error):
            return RunRecord(*labels, "failed", reason=f"its test {result['metric']} is {error}")
        return RunRecord(
            *labels,
            "done",
            metric=result["metric"],
            error=error,
            validation_error=result["validation_error"],
            steps=result["steps"],
            seconds=sum(result.get(part, 0.0) for part in ("search_s", "wall_s", "test_s")),
            parameters=result.get("parameters", math.nan),
            peak_mb=result.get("peak_mb", math.nan),
        )
    except InputError as unreadable:
        return RunRecord(*labels, "failed", reason=str(unreadable))
    except (KeyError, TypeError, ValueError):
        reason = f"'{run.folder / RESULT}' is damaged, or has no test error"
        return RunRecord(*labels, "failed", reason=reason)


def write_failure(folder: Path, job: Job, failure: Failure) -> None:
    """Write down why a job failed; the file stays until the job is tried again."""
    path = _failure_path(folder, job)
    make_folder(path.parent)
    write_text(path, json.dumps(asdict(failure), indent=2) + "\n")


def forget_failure(folder: Path, job: Job) -> None:
    """Delete what an earlier failure of a job left, since it is tried again."""
    _failure_path(folder, job).unlink(missing_ok=True)


def _failure_path(folder: Path, job: Job) -> Path:
    """Return the path of a job's failure file."""
    return folder / "failures" / f"{job.name}.json"


def _read_reason(path: Path) -> str:
    """Read the reason from a failure file."""
    try:
        return read_json(path, Failure).reason
    except InputError as error:
        return str(error)
