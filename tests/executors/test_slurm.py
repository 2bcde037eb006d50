"""Slurm: what is submitted, what comes of it, and what is cancelled."""

import os
import re
import signal
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from isthmus import Task
from isthmus.bench import compare
from isthmus.executors import Begun, Ended, Failure, make_executor, slurm
from isthmus.executors.slurm import minutes, other_options

submitit = pytest.importorskip("submitit")

GOLDEN = Path(__file__).with_name("submission.sh")
"""Submission of three jobs by submitit 1.5.4, of which no cluster was asked"""


@pytest.mark.slow
def test_every_piece_is_done_once_and_failures_are_told(cluster, do, tmp_path):
    grid = tmp_path / "grid"
    events = list(make_executor("slurm").run(do, tmp_path, ["a", "wrong", "killed", "b"], grid, None))
    ended = {event.number: event.failure for event in events if isinstance(event, Ended)}
    assert sorted(event.number for event in events if isinstance(event, Begun)) == [0, 1, 2, 3]
    assert len(events) == 8
    assert (ended[0], ended[1], ended[3]) == (None, Failure("it is wrong"), None)
    assert ended[2].reason.startswith("its Slurm job 12_2 ended without a result (OUT_OF_MEMORY); see ")
    assert {(tmp_path / f"{piece} begun").read_text() for piece in "ab"} == {"x"}
    assert (tmp_path / "a threads").read_text() == "1"
    assert {path.suffix for path in (grid / "slurm").iterdir()} == {".sh", ".out", ".err"}  # and no pickle
    assert not (cluster / "cancelled").exists()


def test_what_is_submitted_and_cancelled_at_ctrl_c(cluster, do, tmp_path, monkeypatch):
    def interrupted(seconds):
        raise KeyboardInterrupt

    on = {
        "name": "slurm", "partition": "gpu", "time": "1-12:00:00", "gpus": 1, "cpus": 4, "mem": "16G",
        "account": "lab", "setup": "module load cuda\nsource env/bin/activate",
        "sbatch": "--exclude=node7 --requeue",
    }  # fmt: skip
    (cluster / "hold").touch()
    monkeypatch.setattr(slurm, "time", SimpleNamespace(sleep=interrupted, monotonic=time.monotonic))
    with (
        closing(make_executor(on).run(do, tmp_path, ["a", "b", "c"], tmp_path / "grid", 2)) as events,
        pytest.raises(KeyboardInterrupt),
    ):
        next(events)
    said = (cluster / "submitted").read_text().replace(str(tmp_path), "FOLDER")
    assert re.sub(r"\S+ -u -m submitit", "python -u -m submitit", said) == GOLDEN.read_text()
    assert (cluster / "cancelled").read_text().split() == ["12"]  # the whole array
    assert not list((tmp_path / "grid").rglob("*.pkl"))


def test_jobs_of_a_call_that_was_killed_are_cancelled_before_others_begin(cluster, do, tmp_path):
    left = tmp_path / "grid" / "slurm" / "jobs.txt"
    left.parent.mkdir(parents=True)
    left.write_text("7\n8")
    list(make_executor("slurm").run(do, tmp_path, ["a"], tmp_path / "grid", None))
    assert (cluster / "cancelled").read_text().split() == ["7", "8"]
    assert not left.exists()


def test_what_slurm_refuses_is_told_in_one_line(cluster, do, tmp_path, refuses):
    (cluster / "refuse").touch()
    with refuses("value", "sbatch"):
        list(make_executor("slurm").run(do, tmp_path, ["a", "b"], tmp_path / "grid", None))


def test_large_grids_are_several_arrays(cluster, do, tmp_path, monkeypatch):
    """Slurm allows no more jobs in an array than it is configured for."""
    monkeypatch.setattr(slurm, "ARRAY", 2)
    sizes = []
    monkeypatch.setattr(slurm, "_submitted", lambda submitter, call, pieces: sizes.append(len(pieces)) or [])
    list(make_executor("slurm").run(do, tmp_path, list("abcde"), tmp_path / "grid", None))
    assert sizes == [2, 2, 1]


@pytest.mark.slow
def test_a_job_at_its_time_limit_goes_on(cluster, do, tmp_path, monkeypatch):
    """With the executor of submitit for one machine, which sends the same signal."""
    process = tmp_path / "process"
    monkeypatch.setattr(slurm.Slurm, "submitter", lambda self, place: submitit.LocalExecutor(place))
    with closing(make_executor("slurm").run(do, tmp_path, ["long"], tmp_path / "grid", None)) as events:
        assert next(events) == Begun(0)
        while not (process.exists() and process.read_text().endswith(" ")):
            time.sleep(0.05)
        os.kill(int(process.read_text()), signal.SIGUSR2)
        assert list(events) == [Ended(0, None)]
    assert (tmp_path / "long begun").read_text() == "xx"


@pytest.mark.slow
def test_a_grid_is_made_in_jobs(cluster, backbones, tmp_path, monkeypatch):
    """With the executor of submitit for one machine; data in memory is sent along."""
    monkeypatch.setattr(slurm.Slurm, "submitter", lambda self, place: submitit.LocalExecutor(place))
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    x = rng.normal(size=(24, 12)) + y[:, None]
    task = Task.from_arrays(x[:16], y[:16], x[16:], y[16:], name="tiny")
    asked = {"methods": ["scratch"], "backbones": [backbones["vit"]], "seeds": 1, "out": tmp_path / "grid"}
    asked |= {"epochs": 1, "epoch_steps": 1, "batch_size": 4}
    comparison = compare([task], on="slurm", **asked)
    assert [row.status for row in comparison.rows] == ["done"]
    assert compare([task], on="local", **asked).rows == comparison.rows  # nothing is left to do


def test_sigterm_waits_for_what_follows_it(do, tmp_path, monkeypatch):
    """At preemption it comes before the signal that has the job queued again."""

    def trained(shared, piece):
        raise KeyboardInterrupt  # as Lightning ends at SIGTERM

    waited = []
    monkeypatch.setattr(signal, "pause", lambda: waited.append(True))
    call = slurm.Call(trained, slurm._kept(tmp_path, tmp_path / "shared.pkl"))
    with pytest.raises(KeyboardInterrupt):
        call("a")
    assert waited == [True]
    assert call.checkpoint("a").args == ("a",)
    with pytest.raises(KeyboardInterrupt):
        call("a")
    assert waited == [True]  # it is queued again already


@pytest.mark.parametrize(("limit", "expected"), [
    (90, 90), ("90", 90), ("1:30:00", 90), ("0:45:30", 45), ("2-0", 2880), ("1-12:30", 2190),
    ("1-00:05:00", 1445),
])  # fmt: skip
def test_time_limits_are_those_of_slurm(limit, expected):
    assert minutes(limit) == expected


@pytest.mark.parametrize(("kind", "key", "options"), [
    ("value", "executor.time", {"time": "soon"}),
    ("value", "executor.time", {"time": 0}),
    ("value", "executor.sbatch", {"sbatch": "exclude=node7"}),
    ("unknown", "partitoin", {"partitoin": "gpu"}),
    ("value", "executor.gpus", {"gpus": "many"}),
])  # fmt: skip
def test_wrong_options_are_told(kind, key, options, cluster, refuses):
    with refuses(kind, key):
        make_executor({"name": "slurm", **options})


def test_other_options_are_those_of_a_command_line():
    assert other_options("--gres=gpu:a100:1 --requeue --comment='a b'") == {
        "gres": "gpu:a100:1", "requeue": True, "comment": "a b",
    }  # fmt: skip


def test_without_slurm_it_is_said(monkeypatch, refuses):
    monkeypatch.setenv("PATH", "")
    with refuses("dependency", "sbatch"):
        make_executor("slurm")
