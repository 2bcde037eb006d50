"""Searches with Optuna: shared, killed and gone on with, pruned, blind to test data."""

import csv
import errno
import os
import signal
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

from isthmus import Task, fit
from isthmus.config import read_settings
from isthmus.errors import InputError
from isthmus.files import told_when_full
from isthmus.tasks import Split
from isthmus.training.callbacks import read_rows

optuna = pytest.importorskip("optuna")
sqlalchemy = pytest.importorskip("sqlalchemy")

from isthmus.tuning import search as searching  # noqa: E402
from isthmus.tuning import tune  # noqa: E402
from isthmus.tuning.space import Choices, Range  # noqa: E402
from isthmus.tuning.study import Study  # noqa: E402


class Sealed:
    """Test samples that nobody may look at."""

    shape, dtype = (4, 1, 12), np.dtype(np.float32)

    def __getitem__(self, index):
        raise AssertionError("test data was read")


def sealed_task() -> Task:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    task = Task.from_arrays(rng.normal(size=(24, 12)) + y[:, None], y, name="sealed")
    return replace(task, test=Split(Sealed(), np.zeros(4, dtype=np.int64)))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Files of these runs need not outlive a power cut."""
    monkeypatch.setattr("isthmus.files.flush_to_disk", lambda *_: None)


@pytest.fixture
def short(backbones):
    return {
        "method": "nft", "backbone": backbones["vit"], "embedder": "patch", "scale": "channel",
        "augment": None, "epochs": 2, "epoch_steps": 2, "batch_size": 8, "probe_samples": 0, "logger": "none",
    }  # fmt: skip


def states(found) -> list[str]:
    return [row["state"] for row in found.trials]


def test_the_best_settings_are_those_of_the_least_error_and_test_data_stays_sealed(short, tmp_path):
    search = {"lr": "1e-4..1e-2", "dropout": None}
    found = tune(sealed_task(), trials=3, search=search, out=tmp_path / "search", **short)
    assert states(found) == ["complete"] * 3
    best = min(found.trials, key=lambda row: row["error"])
    assert found.error == best["error"]
    assert found.best == short | {"augment": "none", "lr": best["lr"], "dropout": best["dropout"]} | {
        "augment": None
    }
    assert all(1e-4 <= row["lr"] <= 1e-2 for row in found.trials)
    with open(tmp_path / "search" / "trials.csv") as file:
        assert [float(row["lr"]) for row in csv.DictReader(file)] == [row["lr"] for row in found.trials]
    again = fit(replace(sealed_task(), test=None), out=tmp_path / "again", floor=False, **found.best)
    assert again.result["validation_error"] == pytest.approx(found.error)
    assert read_settings(tmp_path / "search" / "best.yaml")["task"] == "sealed"


@pytest.mark.slow
def test_a_search_is_gone_on_with_and_extended_but_not_changed(short, tmp_path, refuses):
    asked = {"search": {"lr": "1e-4..1e-2"}, "out": tmp_path / "search", **short}
    first = tune(sealed_task(), trials=1, **asked)
    more = tune(sealed_task(), trials=2, **asked)
    assert more.trials[0] == first.trials[0]
    assert states(more) == ["complete"] * 2
    with refuses("conflict", "epochs"):
        tune(sealed_task(), trials=3, **asked | {"epochs": 1})
    with refuses("conflict", "search"):
        tune(sealed_task(), trials=3, **asked | {"search": {"lr": "1e-4..1e-1"}})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with refuses("conflict", tmp_path / "other"):
        tune(sealed_task(), **asked | {"out": tmp_path / "other"})


def test_a_search_that_was_killed_before_it_was_described_begins_anew(short, tmp_path, monkeypatch):
    planned = searching.plan_search(sealed_task(), out=tmp_path, **short)
    monkeypatch.setattr(searching, "write_text", interrupt)
    with pytest.raises(KeyboardInterrupt):
        searching.begin_search(planned)
    (tmp_path / ".search.yaml.7.part.yaml").touch()
    searching.plan_search(sealed_task(), out=tmp_path, **short)


def interrupt(*anything: object) -> None:
    raise KeyboardInterrupt


def worker(folder, short, kill: bool) -> None:
    if kill:
        end = searching.Pruning.on_train_epoch_end

        def killed(self, trainer, module):
            end(self, trainer, module)
            if trainer.current_epoch == 1:  # of which there is no checkpoint yet
                os.kill(os.getpid(), signal.SIGKILL)

        searching.Pruning.on_train_epoch_end = killed
    tune(sealed_task(), trials=4, search={"lr": "1e-4..1e-2"}, out=folder, **short)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_processes_share_a_search_and_one_is_killed(short, tmp_path):
    folder, fork = tmp_path / "search", get_context("fork")
    processes = [fork.Process(target=worker, args=(folder, short, kill)) for kill in (True, False, False)]
    for process in processes[:1]:  # which takes the first trial, and is killed in it
        process.start()
        process.join()
    for process in processes[1:]:
        process.start()
    for process in processes[1:]:
        process.join()
    assert [process.exitcode for process in processes] == [-signal.SIGKILL, 0, 0]
    found = tune(sealed_task(), trials=4, search={"lr": "1e-4..1e-2"}, out=folder, **short)
    assert [row["number"] for row in found.trials] == [0, 1, 2, 3]
    assert set(states(found)) <= {"complete", "pruned"}
    assert len({row["lr"] for row in found.trials}) == 4  # no two processes draw the same
    log = (folder / "trials" / "0000" / "log.txt").read_text()
    assert (log.count("begun"), log.count("resumed")) == (1, 1)
    assert [row["epoch"] for row in read_rows(folder / "trials" / "0000" / "metrics.csv")] == [1, 2]
    assert not list(folder.rglob("*.lock"))


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [None, 0, 1], ids=["not begun", "nothing drawn", "one value drawn"])
def test_a_process_that_is_killed_while_it_draws_changes_nothing(drawn, tmp_path, monkeypatch):
    """Optuna makes a trial first and draws its values one by one; a process may end in between."""

    def study(name: str) -> Study:
        (tmp_path / name / "trials").mkdir(parents=True, exist_ok=True)
        return Study(tmp_path / name, {"lr": Range(1e-5, 1e-2), "batch_size": Choices((4, 8, 16))}, seed=3)

    def values(one: Study) -> list[tuple]:
        found = []
        for _ in range(2):
            with one.next_trial(2) as trial:
                found.append((trial.number, trial.params))
                trial.study.tell(trial, 0.5)
        return found

    def ask_and_end(asked, names):
        if isinstance(asked._storage, optuna.storages.InMemoryStorage):
            return ask(asked, names)
        if drawn is not None:
            ask(asked, dict([*names.items()][:drawn]))
        raise KeyboardInterrupt

    ask = optuna.Study.ask
    with monkeypatch.context() as patched:
        patched.setattr(optuna.Study, "ask", ask_and_end)
        with pytest.raises(KeyboardInterrupt):
            values(study("disturbed"))
    assert values(study("disturbed")) == values(study("whole"))


def test_a_full_disk_ends_the_search_and_no_trial(short, tmp_path, monkeypatch):
    """Neither a run that does not fit nor a database that does not counts as a trial that failed."""

    def full(*_, **__):
        with told_when_full(tmp_path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full_database(*_):
        raise sqlalchemy.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))

    asked = {"trials": 2, "search": {"lr": "1e-4..1e-2"}, **short}
    with monkeypatch.context() as patched:
        patched.setattr("isthmus.training.run_folder.write_config", full)
        with pytest.raises(InputError, match=r"^cannot write '.*': No space left on device"):
            tune(sealed_task(), out=tmp_path / "full", **asked)
    with monkeypatch.context() as patched:
        patched.setattr(optuna.Study, "tell", full_database)
        with pytest.raises(InputError, match=r"study.db' cannot be used: database or disk is full;"):
            tune(sealed_task(), out=tmp_path / "full", **asked)
    found = tune(sealed_task(), out=tmp_path / "full", **asked)
    undisturbed = tune(sealed_task(), out=tmp_path / "whole", **asked)
    assert found.trials == undisturbed.trials
    assert states(found) == ["complete"] * 2


def test_a_trial_worse_than_the_median_is_pruned(short, tmp_path, monkeypatch):
    monkeypatch.setattr("isthmus.tuning.study.STARTUP_TRIALS", 1)
    seen = iter([0.1, 0.1, 0.9, 0.9])
    report = optuna.trial.Trial.report
    monkeypatch.setattr(
        optuna.trial.Trial, "report", lambda self, value, step: report(self, next(seen), step)
    )
    found = tune(sealed_task(), trials=2, search={"lr": "1e-4..1e-2"}, out=tmp_path / "search", **short)
    assert states(found) == ["complete", "pruned"]
    assert [row["epochs"] for row in found.trials] == [2, 2]  # the first epoch never prunes


@pytest.mark.slow
def test_trials_that_fail_do_not_stop_the_others(short, tmp_path, monkeypatch, refuses):
    from isthmus.errors import InputError

    def sometimes(task, **settings):
        if settings["dropout"]:
            raise InputError("the loss is nan", key="lr")
        return fit(task, **settings)

    monkeypatch.setattr(searching, "fit", sometimes)
    asked = {"out": tmp_path / "search", **short}
    found = tune(sealed_task(), trials=3, search={"dropout": None}, **asked)
    assert {(row["state"], row["dropout"]) for row in found.trials} == {("fail", True), ("complete", False)}
    assert found.best["dropout"] is False
    with refuses("value", "lr"):
        tune(sealed_task(), trials=2, search={"dropout": [True]}, **asked | {"out": tmp_path / "worse"})


@pytest.mark.parametrize(("kind", "key", "more"), [
    ("value", "trials", {"trials": 0}),
    ("conflict", "validation", {"validation": 0}),
    ("conflict", "seed", {"search": {"seed": [1, 2]}}),
    ("conflict", "devices", {"devices": 2}),
    ("missing", "search", {"search": {}}),
    ("value", "batch_size", {"search": {"batch_size": [4, 100]}}),
    ("value", "lr", {"search": {"lr": "-1..1"}}),
    ("conflict", "max_grad_norm", {"search": {"max_grad_norm": "1..2"}, "method": "rocket"}),
])  # fmt: skip
def test_what_is_wrong_is_told_before_anything_is_written(kind, key, more, short, tmp_path, refuses):
    settings = {"method": "rocket"} if "method" in more else short
    with refuses(kind, key):
        tune(sealed_task(), out=tmp_path / "search", **settings | more)
    assert not (tmp_path / "search").exists()


@pytest.mark.slow
def test_the_command(run, refused, tmp_path):
    words = ["--method", "xgboost", "--trials", "2", "--search", "method.depth=1..3", "--out", "found"]
    code, out, _ = run("tune", "digits100", *words, "-q")
    assert code == 0
    assert "best settings: found/best.yaml" in out
    assert "2 trials: 2 complete" in out
    code, out, _ = run("tune", "digits100", *words, "--dry-run")
    assert (code, "method.depth 1..3" in " ".join(out.split())) == (0, True)
    code, out, said = run("fit", "--config", "found/best.yaml", "--out", "best", "--no-floor")
    assert (code, said) == (0, "")
    refused(run("tune"))
    refused(run("tune", "digits100", "--search", "lr"))
    refused(run("tune", "digits100", "--search", "epochs=[1"))


def test_without_optuna_it_is_said(monkeypatch, refuses):
    import importlib
    import sys

    import isthmus.tuning.study as study

    monkeypatch.setitem(sys.modules, "optuna", None)
    with refuses("dependency", "optuna"):
        importlib.reload(study)
