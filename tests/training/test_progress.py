"""What is shown of a run, and the times of its steps."""

import io
import re

import pytest
from rich.console import Console

from isthmus import fit
from isthmus.progress import progress
from isthmus.training import callbacks

SETTINGS = {"epochs": 2, "epoch_steps": 3, "batch_size": 4}


@pytest.fixture
def terminal():
    """What a terminal of 100 columns would get."""
    return Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)


@pytest.fixture
def told(monkeypatch, make_task, backbones, tmp_path, terminal):
    """Runs in a terminal and gives the lines after every step: told(method=...) -> (lines, run)."""

    def run(**settings):
        lines: list[str] = []
        step = callbacks.ProgressLine.on_train_batch_end

        def noting(self, *arguments):
            step(self, *arguments)
            lines.append(self.shown.line())

        monkeypatch.setattr(callbacks.ProgressLine, "on_train_batch_end", noting)
        with progress("starting", terminal):
            made = fit(
                make_task(), backbone=backbones["vit"], out=tmp_path / "run", **{**SETTINGS, **settings}
            )
        return lines, made

    return run


def test_epoch_times_loss_validation_error_k_speed_and_wait(told, terminal):
    lines, _ = told(method="pare", source="tiny-pictures")
    assert len(lines) == 6
    first, last = lines[0], lines[-1]
    assert re.match(r"pare on tiny: epoch 1 of 2, 0:\d\d:\d\d gone, 0:\d\d:\d\d left, loss \d", first)
    assert "val error" not in first
    figures = r"loss \d\S*, val error \d\S*, k 0, \d+ samples/s, \d+ % waiting for data$"
    assert re.match(rf"pare on tiny: epoch 2 of 2, .* 0:00:00 left, {figures}", last)
    assert "pare on tiny" in terminal.file.getvalue()


def test_without_k_and_validation(told):
    lines, _ = told(method="nft", validation=0)
    assert re.search(r"left, loss \d\S*, \d+ samples/s", lines[-1])


def test_the_times_of_the_steps_are_in_the_result(told):
    _, run = told(method="nft")
    assert run.result["step_s"] > 0
    assert run.result["samples_per_s"] == pytest.approx(4 / run.result["step_s"], rel=0.01)
    assert 0 <= run.result["data_wait"] <= 1


def test_a_resumed_run_goes_on_where_it_was(make_task, backbones, tmp_path, monkeypatch):
    step = callbacks.ProgressLine.on_train_batch_end
    done = []

    def interrupt(self, trainer, *rest):
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt
        step(self, trainer, *rest)

    def noting(self, *arguments):
        step(self, *arguments)
        done.append((self.shown.done, self.shown.total, self.history.times.steps))

    run = {"method": "nft", "backbone": backbones["vit"], "out": tmp_path / "run", **SETTINGS}
    with monkeypatch.context() as patch:
        patch.setattr(callbacks.ProgressLine, "on_train_batch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(make_task(), **run)
    monkeypatch.setattr(callbacks.ProgressLine, "on_train_batch_end", noting)
    fit(make_task(), resume=True, **run)
    assert done == [(4, 6, 3), (5, 6, 4), (6, 6, 5)]


def test_a_method_that_learns_in_one_call_has_no_steps(make_task, tmp_path):
    pytest.importorskip("xgboost")
    run = fit(make_task(), method="xgboost", out=tmp_path / "run")
    assert [run.result[name] for name in ("step_s", "samples_per_s", "data_wait")] == [None, None, None]
