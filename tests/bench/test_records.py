"""Records of runs as they are read from a folder, also where it is damaged."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from isthmus.bench.comparison import Comparison
from isthmus.bench.grid import Grid
from isthmus.bench.jobs import Job, jobs
from isthmus.bench.records import forget_failure, is_finished, read_record, read_records, write_failure
from isthmus.config.files import SCHEMA
from isthmus.executors import Failure

Make = Callable[..., Grid]
Write = Callable[..., Path]


@pytest.fixture
def job(grid_of: Make) -> Job:
    return jobs(grid_of(tasks=["a"], methods=["one"], seeds=1))[0]


def test_done(tmp_path: Path, job: Job, write_run: Write) -> None:
    assert read_record(tmp_path, job).status == "missing"
    write_run(tmp_path, job, 0.25, validation_error=None)
    record = read_record(tmp_path, job)
    assert (record.task, record.system, record.seed) == ("a", ("one", "swin-micro"), 0)
    assert (record.status, record.metric, record.error, record.validation_error) == (
        "done",
        "error",
        0.25,
        None,
    )
    assert (record.steps, record.seconds, record.reason) == (3, 2.0, "")


def test_failed_until_it_is_tried_again(tmp_path: Path, job: Job) -> None:
    write_failure(tmp_path, job, Failure("no memory", "Traceback ..."))
    record = read_record(tmp_path, job)
    assert (record.status, record.reason) == ("failed", "no memory")
    assert math.isnan(record.error)
    forget_failure(tmp_path, job)
    forget_failure(tmp_path, job)
    assert read_record(tmp_path, job).status == "missing"


def test_a_finished_run_has_no_failure(tmp_path: Path, job: Job, write_run: Write) -> None:
    write_failure(tmp_path, job, Failure("no memory"))
    write_run(tmp_path, job)
    assert read_record(tmp_path, job).status == "done"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("config.yaml", "schema: 1\ntask: a\n", "is of schema 1 and this version of isthmus reads schema"),
        ("config.yaml", f"schema: {SCHEMA}\ntask: a\nepoch: 3\n", "unknown setting 'epoch'"),
        ("config.yaml", None, "there is no file"),
        ("result.json", "{", "is damaged: Invalid JSON"),
        ("result.json", "[]", "is damaged: Input should be an object"),
        ("result.json", '{"metric": "error"}', "is damaged: task: Field required"),
    ],
)
def test_a_run_that_cannot_be_read_is_a_failed_one(
    tmp_path: Path, job: Job, write_run: Write, name: str, text: str | None, reason: str
) -> None:
    file = write_run(tmp_path, job) / name
    file.unlink() if text is None else file.write_text(text)
    record = read_record(tmp_path, job)
    assert record.status == "failed"
    assert reason in record.reason
    assert is_finished(tmp_path, job)


@pytest.mark.parametrize(
    ("error", "reason"), [(None, "has no test error"), (math.nan, "its test error is nan")]
)
def test_a_run_without_an_error_is_a_failed_one(
    tmp_path: Path, job: Job, write_run: Write, error: float | None, reason: str
) -> None:
    write_run(tmp_path, job, error)
    record = read_record(tmp_path, job)
    assert record.status == "failed"
    assert reason in record.reason


def test_a_damaged_failure_is_one(tmp_path: Path, job: Job) -> None:
    write_failure(tmp_path, job, Failure("no memory"))
    next(tmp_path.rglob("*.json")).write_text("{}")
    assert "is damaged" in read_record(tmp_path, job).reason


def test_records_come_in_the_order_of_the_jobs(tmp_path: Path, grid_of: Make, write_run: Write) -> None:
    grid = grid_of()
    for number, job in enumerate(jobs(grid)):
        write_run(tmp_path, job, number / 100)
    assert [record.error for record in read_records(tmp_path, jobs(grid))] == [n / 100 for n in range(12)]


def test_a_grid_to_choose_by_is_made_of_validation_errors(
    tmp_path: Path, grid_of: Make, write_run: Write
) -> None:
    grid = grid_of(tasks=["a"], seeds=1, errors="validation")
    one, two = jobs(grid)
    write_run(tmp_path, one, 0.1, validation_error=0.25)
    write_run(tmp_path, two, 0.2, validation_error=None)
    grid.write(tmp_path / "grid.yaml")
    found, missing = Comparison(tmp_path).rows
    assert (found.status, found.error) == ("done", 0.25)
    assert (missing.status, missing.reason) == (
        "failed",
        "it had no validation data: give validation above 0",
    )
    assert "Validation errors, one seed" in Comparison(tmp_path).markdown()
