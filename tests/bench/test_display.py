"""What is shown while a grid runs."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from isthmus.bench.display import Display, LiveTable, Silent, display
from isthmus.bench.grid import Grid
from isthmus.bench.jobs import Job, jobs
from isthmus.bench.records import read_records, write_failure
from isthmus.executors import Failure
from isthmus.progress import be_quiet

Write = Callable[..., Path]
Make = Callable[[type[Display]], tuple[Any, list[Job], StringIO]]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("isthmus.bench.display.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def make(tmp_path: Path, grid_of: Callable[..., Grid], clock: list[float]) -> Make:
    """A display of a kind, its jobs, and what it writes: make(kind)."""

    def of(kind: type[Display]) -> tuple[Any, list[Job], StringIO]:
        grid = grid_of(seeds=2, settings={"epochs": 4})
        listed = jobs(grid)
        shown = kind(tmp_path, listed, read_records(tmp_path, listed), 2)
        text = StringIO()
        shown.console = Console(file=text, width=100)
        return shown, listed, text

    return of


def test_a_line_for_each_run(make: Make, tmp_path: Path, write_run: Write) -> None:
    shown, listed, text = make(Display)
    with shown:
        for job in listed[:2]:
            shown.begun(job)
        write_run(tmp_path, listed[0], 0.125)
        shown.ended(listed[0])
        write_failure(tmp_path, listed[1], Failure("no [memory]"))
        shown.ended(listed[1])
    assert text.getvalue() == (
        "1/8 a/one-swin-micro-0: error % 12.5, 2 s\n1/8 a/two-swin-micro-0: failed: no [memory]\n"
    )


def test_the_time_left(make: Make, tmp_path: Path, write_run: Write, clock: list[float]) -> None:
    """Two of eight runs are done: one took 10 s, the other 30 s; two at a time."""
    shown, listed, _ = make(Display)
    assert shown.seconds_left() is None
    for job, seconds in zip(listed[:2], (10.0, 30.0), strict=True):
        shown.begun(job)
        write_run(tmp_path, job, wall_s=seconds)
        shown.ended(job)
    # left: a/one and a/two with seed 1, as long as with seed 0; four runs of b, as long as any so far
    assert shown.seconds_left() == pytest.approx((10 + 30 + 4 * 20) / 2)
    shown.begun(listed[2])
    clock[0] = 6.0
    assert shown.seconds_left() == pytest.approx((10 + 30 + 4 * 20 - 6) / 2)


def test_the_live_table(make: Make, tmp_path: Path, write_run: Write, clock: list[float]) -> None:
    shown, listed, text = make(LiveTable)
    for job in listed[:3]:
        shown.begun(job)
    clock[0] = 60.0
    write_run(tmp_path, listed[0], 0.125, wall_s=60.0)
    shown.ended(listed[0])
    write_failure(tmp_path, listed[1], Failure("no memory"))
    shown.ended(listed[1])
    (tmp_path / "runs" / listed[2].name).mkdir(parents=True)
    (tmp_path / "runs" / listed[2].name / "metrics.csv").write_text("epoch,loss\n1,0.5\n2,0.4\n")
    assert text.getvalue() == "1/8 a/two-swin-micro-0: failed: no memory\n"
    shown.console.print(shown.draw())
    drawn = text.getvalue()
    assert "12.5 (1 of 2)" in drawn
    assert "b/one-swin-micro-0: epoch 2 of 4, 60 s" in drawn
    assert "1 of 8 runs done, 1 failed, about 2 min left" in drawn


def test_a_summary_in_a_line(make: Make, tmp_path: Path, write_run: Write) -> None:
    shown, listed, _ = make(Display)
    for job in listed[:2]:
        shown.begun(job)
    write_run(tmp_path, listed[0], 0.125, wall_s=60.0)
    shown.ended(listed[0])
    assert shown.line() == "1 of 8 runs done, about 4 min left, a/two-swin-micro-0 is running"


def test_quiet_shows_failures_alone(make: Make, tmp_path: Path, write_run: Write) -> None:
    shown, listed, text = make(Silent)
    with shown:
        for job in listed[:2]:
            shown.begun(job)
        write_run(tmp_path, listed[0], 0.125)
        shown.ended(listed[0])
        write_failure(tmp_path, listed[1], Failure("no memory"))
        shown.ended(listed[1])
    assert text.getvalue() == "1/8 a/two-swin-micro-0: failed: no memory\n"


def test_lines_where_there_is_no_terminal(
    tmp_path: Path, grid_of: Callable[..., Grid], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = jobs(grid_of())
    assert type(display(tmp_path, listed, read_records(tmp_path, listed), 1)) is Display
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, as far as rich is told
    assert type(display(tmp_path, listed, read_records(tmp_path, listed), 1)) is LiveTable
    be_quiet(True)
    try:
        assert type(display(tmp_path, listed, read_records(tmp_path, listed), 1)) is Silent
    finally:
        be_quiet(False)
