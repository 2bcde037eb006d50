"""What worker processes are born with."""

import os
import signal

import pytest
import torch

from isthmus.executors import local


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
