"""What worker processes are born with."""

import os
import signal
from importlib import import_module

import pytest
import torch

from isthmus.executors import local
from isthmus.executors.executor import Ended

LEAVES_A_CYCLE = """
import gc, weakref

left = []

class Weights:
    pass

def work(shared, piece):
    gc.disable()
    assert not [weights for weights in left if weights() is not None], "the piece before is still in memory"
    weights = Weights()
    weights.self = weights
    left.append(weakref.ref(weights))
"""


@pytest.mark.parametrize(
    ("visible", "count", "devices"),
    [(None, 0, [None]), ("", 0, [None]), (None, 2, ["0", "1"]), ("3,GPU-5", 2, ["3", "GPU-5"])],
)
def test_each_gets_one_of_the_gpus_that_there_are(monkeypatch, visible, count, devices):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert local._devices() == devices
    assert local.Local().usual_processes() == (count or len(os.sched_getaffinity(0)))


def test_surroundings_are_left_as_they_were(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    handler = signal.getsignal(signal.SIGINT)
    with local._surroundings("1"):
        assert (os.environ["OMP_NUM_THREADS"], os.environ["CUDA_VISIBLE_DEVICES"]) == ("1", "1")
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert (os.environ["OMP_NUM_THREADS"], os.environ.get("CUDA_VISIBLE_DEVICES")) == ("7", None)
    assert signal.getsignal(signal.SIGINT) is handler


def test_what_a_piece_leaves_in_a_circle_is_freed_before_the_next(monkeypatch, tmp_path):
    (tmp_path / "circular_work.py").write_text(LEAVES_A_CYCLE)
    monkeypatch.syspath_prepend(tmp_path)
    work = import_module("circular_work").work
    events = local.Local().run(work, None, [0, 1, 2], tmp_path / "grid", 1)
    ended = [event for event in events if isinstance(event, Ended)]
    assert ended == [Ended(number, None) for number in range(3)]
