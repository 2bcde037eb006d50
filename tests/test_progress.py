"""How progress is shown: on a terminal, in a log, not at all."""

import io
import threading

import pytest
from rich.console import Console

from isthmus import progress as module
from isthmus.progress import Progress, be_quiet, every, progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("isthmus.progress.time.monotonic", lambda: now[0])
    return now


def test_a_line_of_a_stage_without_steps(clock):
    work = Progress("rocket on {a} [b]")
    work.enter("training")
    clock[0] += 3725
    assert work.line() == "rocket on {a} [b]: training, 1:02:05 gone"


def test_the_time_left_is_that_of_the_steps_of_this_process(clock):
    work = Progress("x")
    clock[0] += 60
    work.enter("epoch 2 of 4", total=40, done=20)
    assert work.seconds_left() is None
    clock[0] += 10
    work.done = 25
    work.figures = {"loss": 0.5, "speed": "8 samples/s"}
    assert work.line() == "x: epoch 2 of 4, 0:01:10 gone, 0:00:30 left, loss 0.5, 8 samples/s"


def test_a_bar_shows_names_as_they_are_and_fits(clock):
    work = Progress("pare on {A} [red]" + "x" * 200)
    work.enter("epoch 1 of 2", total=4, done=0)
    work.figures = {f"figure {i}": 1.0 for i in range(20)}
    screen = io.StringIO()
    Console(file=screen, width=80, color_system=None).print(work.draw())
    lines = screen.getvalue().splitlines()
    assert lines[0].startswith("pare on {A} [red]")
    assert all(len(line) <= 80 for line in lines)
    assert len(lines) == 2


def test_a_terminal_gets_a_bar_at_once():
    screen = io.StringIO()
    with progress("pare on x", Console(file=screen, force_terminal=True, width=80)):
        assert "starting" in screen.getvalue()


@pytest.fixture
def at_once(monkeypatch):
    """Half minutes pass at once, until a line is printed."""
    printed = threading.Event()

    class Log(io.StringIO):
        def write(self, text):
            printed.set()
            return super().write(text)

    monkeypatch.setattr(module, "INTERVAL", 0.0)
    return Log(), printed


def test_a_log_gets_lines(at_once):
    log, printed = at_once
    with progress("pare on [x]", Console(file=log, width=20)) as work:
        work.enter("training")
        assert printed.wait(60)
    assert log.getvalue().splitlines()[-1].startswith("pare on [x]: ")


def test_quiet_is_quiet_and_other_processes_of_one_training_too(at_once, monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True)
    be_quiet(True)
    try:
        with progress("x", console):
            pass
    finally:
        be_quiet(False)
    monkeypatch.setenv("LOCAL_RANK", "1")
    with progress("x", console):
        pass
    assert screen.getvalue() == ""


def test_a_part_goes_on_with_what_is_shown():
    with progress("starting", Console(file=io.StringIO())) as outer:
        outer.began = 5.0
        with progress("pare on x") as inner:
            assert inner is outer
            assert (inner.title, inner.began) == ("pare on x", 5.0)
    with progress("later", Console(file=io.StringIO())) as after:
        assert after is not outer


def test_an_error_ends_it():
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt), every(lambda: None, 1000.0):
        raise KeyboardInterrupt
    assert threading.active_count() == threads
