"""A grid from end to end: what fails is a row, what is finished is kept, and what is added is run."""

import csv
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path

import pytest

from isthmus.bench import Comparison, compare
from isthmus.bench.display import Display
from isthmus.bench.jobs import Job
from isthmus.errors import InputError
from isthmus.executors import local
from isthmus.locks import lock_folder

SHORT = {"epochs": 1, "epoch_steps": 1, "batch_size": 4}


@pytest.fixture
def begin(tiny_task, backbones, tmp_path, forked) -> Callable[..., Comparison]:
    """Compares two methods on a tiny task, two runs at a time: begin(**changes)."""

    def go(tasks=("mine",), **changes) -> Comparison:
        tasks = [tiny_task(task) if isinstance(task, str) else task for task in tasks]
        asked = {"methods": ["scratch", "nft"], "backbones": [backbones["vit"]], "seeds": 1, "processes": 2}
        return compare(tasks, **{"out": tmp_path / "grid", **asked, **SHORT, **changes})

    return go


def states(comparison: Comparison) -> list[tuple[str, str, int, str]]:
    return [(row.task, row.method, row.seed, row.status) for row in comparison.rows]


def stamps(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}


def test_a_grid_grows_and_finished_runs_stay(begin, capfd):
    first = begin()
    assert states(first) == [("mine", "scratch", 0, "done"), ("mine", "nft", 0, "done")]
    said = capfd.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == ["1/2", "2/2"]
    assert {line.split()[1] for line in said} == {"mine/scratch-vit-0:", "mine/nft-vit-0:"}

    before = stamps(first.folder)
    slow = {"name": "nft", "label": "slow", "settings": {"lr": "1e-5"}}
    more = begin(["mine", "other"], methods=["scratch", "nft", slow], seeds=2)
    assert {row.status for row in more.rows} == {"done"}
    assert len(more.rows) == 12
    assert before.items() <= stamps(more.folder).items()

    capfd.readouterr()
    after = stamps(more.folder)
    again = begin(["mine", "other"], methods=["scratch", "nft", slow], seeds=2)
    assert stamps(again.folder) == after
    assert capfd.readouterr().err == ""  # nothing was run
    assert str(again) == (again.folder / "table.md").read_text()


def test_a_failure_is_a_row_until_it_is_mended(begin, tiny_task):
    """A batch larger than the training split is seen only with the data."""
    comparison = begin(["mine", tiny_task("small", 6)], batch_size=10)
    failed = [row for row in comparison.rows if row.status == "failed"]
    assert [(row.task, row.method) for row in failed] == [("small", "scratch"), ("small", "nft")]
    assert "the batch of 10 is larger than the training split" in failed[0].reason
    assert "| small | scratch | 0 | the batch of 10" in comparison.markdown()
    with open(comparison.folder / "runs.csv", newline="") as file:
        assert [run["status"] for run in csv.DictReader(file)] == ["done", "done", "failed", "failed"]

    (comparison.folder / "failures" / "small" / "nft-vit-0.json").write_text("{}")
    again = begin(["mine", tiny_task("small", 6)], batch_size=10)
    assert [row.reason for row in again.rows] == [row.reason for row in comparison.rows]


def test_a_fault_of_ours_is_one_line_and_a_trace(begin, monkeypatch):
    def divide(*anything: object, **more: object) -> float:
        raise ZeroDivisionError("by\nzero")

    with monkeypatch.context() as broken:
        broken.setattr(sys.modules["isthmus.training.tested"], "evaluate", divide)
        comparison = begin()
    assert [row.reason for row in comparison.rows] == ["ZeroDivisionError: by zero"] * 2
    assert "in divide" in (comparison.folder / "failures" / "mine" / "nft-vit-0.json").read_text()
    assert {row.status for row in begin().rows} == {"done"}
    assert list((comparison.folder / "failures").rglob("*.json")) == []


def test_a_worker_that_is_killed_is_replaced(begin, monkeypatch):
    """The first job's worker dies of it; the other jobs find another."""
    begun = Display.begun

    def strike(self: Display, job: Job) -> None:
        begun(self, job)
        if job.method == "scratch":
            (worker,) = active_children()
            os.kill(worker.pid, signal.SIGKILL)
            worker.join()

    monkeypatch.setattr(Display, "begun", strike)
    comparison = begin(processes=1, seeds=2)
    assert [(row.method, row.status) for row in comparison.rows] == [
        ("scratch", "failed"),
        ("nft", "done"),
    ] * 2
    assert comparison.rows[0].reason == "its process was killed (SIGKILL)"
    assert active_children() == []


def test_workers_that_cannot_begin_end_the_grid(begin, monkeypatch, refuses):
    monkeypatch.setattr(local, "work", lambda *anything: os._exit(3))
    with refuses("value"):
        begin()
    assert active_children() == []


def test_an_interrupt_leaves_no_worker_and_goes_on(begin, monkeypatch):
    ended = Display.ended

    def strike(self: Display, job: Job) -> None:
        ended(self, job)
        raise KeyboardInterrupt

    monkeypatch.setattr(Display, "ended", strike)
    with pytest.raises(KeyboardInterrupt):
        begin()
    assert active_children() == []
    monkeypatch.setattr(Display, "ended", ended)
    assert {row.status for row in begin().rows} == {"done"}


def test_the_same_figures_however_many_run_at_a_time(begin, tmp_path):
    one = begin(processes=1, seeds=2)
    two = begin(processes=2, seeds=2, out=tmp_path / "again")
    assert [row.error for row in one.rows] == [row.error for row in two.rows]


def test_layers_lie_over_one_another(begin, tmp_path, backbones):
    (tmp_path / "mine.yaml").write_text(
        "methods: [{name: nft, label: file}]\nreference: file\nseeds: 2\nsettings: {epochs: 2, lr: 1e-3}\n"
    )
    file = begin(config=tmp_path / "mine.yaml", methods=None, seeds=None)
    assert [(row.method, row.seed, row.steps) for row in file.rows] == [("file", 0, 1), ("file", 1, 1)]
    assert file.grid.settings["lr"] == 1e-3
    both = begin(config=tmp_path / "mine.yaml", preset="table5", seeds=None, out=tmp_path / "both")
    assert [row.method for row in both.rows] == ["scratch", "nft"] * 2
    assert both.grid.reference is None


def test_given_data_that_has_changed(begin, tiny_task, refuses):
    begin()
    changed = tiny_task("mine", 26)
    with refuses("conflict", "fingerprint"):
        begin([changed])


def test_what_is_wrong_leaves_no_folder(begin, tmp_path):
    cases: list[dict[str, object]] = [{"methods": ["ntf"]}, {"processes": 0}, {"preset": "tabel4"}]
    for wrong in (*cases, {"epoch": 1}, {"tasks": []}):
        with pytest.raises(InputError):
            begin(**wrong)
    assert list(tmp_path.iterdir()) == []


def test_one_process_at_a_time(begin, tmp_path, refuses):
    (tmp_path / "grid").mkdir()
    with lock_folder(tmp_path / "grid"), refuses("conflict", tmp_path / "grid"):
        begin()
    assert {row.status for row in begin().rows} == {"done"}
