"""A search in several processes: on this machine, as on a cluster."""

import os
from multiprocessing import get_context

import numpy as np
import pytest

from isthmus import Task
from isthmus.executors import Begun, Ended, Executor, Failure, local

pytest.importorskip("optuna")

from isthmus.tuning import tune
from isthmus.tuning.processes import search_on
from isthmus.tuning.search import plan_search
from isthmus.tuning.study import Study

SEARCH = {"method": "xgboost", "search": {"method.depth": "1..8"}}


def task_without_test() -> Task:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    return Task.from_arrays(rng.normal(size=(24, 12)) + y[:, None], y, name="tiny")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_two_processes_share_the_trials(tmp_path, monkeypatch):
    pytest.importorskip("xgboost")
    monkeypatch.setattr(local, "CONTEXT", get_context("fork"))
    asked = {"out": tmp_path / "search", "processes": 2, **SEARCH}
    found = tune(task_without_test(), trials=3, **asked)
    assert [(row["number"], row["state"]) for row in found.trials] == [(n, "complete") for n in range(3)]
    assert found.error == min(row["error"] for row in found.trials)
    assert tune(task_without_test(), trials=3, **asked).trials == found.trials


class Losing(Executor):
    """An executor whose process is lost in the first round, and ends in the second."""

    def __init__(self):
        self.rounds = []

    def usual_processes(self):
        return None

    def run(self, function, shared, pieces, folder, processes):
        self.rounds.append((len(pieces), processes))
        study = shared[0].study
        for piece in pieces:
            yield Begun(piece)
            if len(self.rounds) == 1:
                with study.next_trial(1):
                    pass  # and is never told how it ended
                yield Ended(piece, Failure("its node was lost"))
            else:
                function(shared, piece)
                yield Ended(piece, None)


@pytest.mark.slow
def test_a_trial_that_was_lost_is_made_in_a_second_round(tmp_path):
    pytest.importorskip("xgboost")
    planned = plan_search(task_without_test(), out=tmp_path / "search", **SEARCH)
    executor = Losing()
    found = search_on(executor, 4, planned, 1)
    assert executor.rounds == [(1, 1), (1, 1)]  # as many processes as trials at most
    assert [(row["number"], row["state"]) for row in found.trials] == [(0, "complete")]


def test_it_says_why_if_no_process_could_search(tmp_path, refuses):
    class Failing(Losing):
        def run(self, function, shared, pieces, folder, processes):
            assert folder.is_absolute()
            assert "optuna" not in vars(shared[0].study)  # no connection is sent
            yield Ended(0, Failure("no partition 'gpuu'"))

    planned = plan_search(task_without_test(), out=tmp_path / "search", **SEARCH)
    with refuses("value"):
        search_on(Failing(), 1, planned, 1)
    with refuses("value", "trials"):
        search_on(Failing(), 1, planned, 0)
    with refuses("value", "processes"):
        tune(task_without_test(), processes=0, out=tmp_path / "search", **SEARCH)
    with refuses("unknown", "slrum"):
        tune(task_without_test(), on="slrum", out=tmp_path / "search", **SEARCH)


def test_what_is_unfinished(tmp_path):
    planned = plan_search(task_without_test(), out=tmp_path / "search", **SEARCH)
    study = Study(tmp_path, planned.study.space, 0)
    assert study.unfinished(3) == 3
    with study.next_trial(3) as trial:
        assert study.unfinished(3) == 3
        trial.study.tell(trial, 0.5)
    assert study.unfinished(3) == 2
