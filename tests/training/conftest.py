"""Tiny tasks of every kind, and tiny sources; the scripts beside this file use them too."""

from pathlib import Path

import numpy as np
import pytest

from isthmus.sources import Source
from isthmus.sources.source import SourceEntry, sources
from isthmus.tasks import Task, TaskEntry, tasks


def tiny_task(
    kind: str = "classification", shape: tuple[int, ...] = (2, 20), n: int = 24, test: int = 10
) -> Task:
    """Noise around a level of its own for each of three classes, and a target that shows in it."""
    rng = np.random.default_rng(0)
    label = np.arange(n + test) % 3
    x = rng.normal(size=(n + test, *shape)) + label.reshape(-1, *[1] * len(shape))
    y = {
        "classification": np.array(["low", "middle", "high"])[label],
        "multilabel": np.stack([label == 0, label > 0, label == 2], 1).astype(int),
        "number": label + rng.normal(size=n + test),
        "numbers": x.reshape(n + test, -1)[:, :4],
        "field": x[:, [0, 0], ..., ::2] * [[3.0], [1.0]] if len(shape) == 2 else x[:, :2, :, ::2],
        "segmentation": (x[:, 0] > 1).astype(int),
    }[kind]
    kind = "regression" if kind in ("number", "numbers", "field") else kind
    return Task.from_arrays(x[:n], y[:n], x[n:], y[n:], kind=kind, name="tiny")


def tiny_pictures(root: Path | None = None, seed: int = 0) -> Source:
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (12, 3, 16, 16), dtype=np.uint8)
    return Source("tiny-pictures", "image", pictures, np.arange(12) % 4, tuple("abcd"))


def tiny_texts(root: Path | None = None, seed: int = 0) -> Source:
    return Source("tiny-texts", "text", ["a b c", "d e", "e a a b", "c"], np.arange(4) % 2, ("one", "two"))


TINY_TASK = TaskEntry(name="tiny", about="tiny", kind="classification", load=lambda root: tiny_task())
TINY_SOURCES = {
    "tiny-pictures": SourceEntry(name="tiny-pictures", about="tiny", modality="image", load=tiny_pictures),
    "tiny-texts": SourceEntry(name="tiny-texts", about="tiny", modality="text", load=tiny_texts),
}


@pytest.fixture(autouse=True)
def tiny_things(monkeypatch):
    """Known by name for the time of a test."""
    list(tasks), list(sources)  # what is registered must be there first
    monkeypatch.setitem(tasks._things, "tiny", TINY_TASK)
    for name, entry in TINY_SOURCES.items():
        monkeypatch.setitem(sources._things, name, entry)


@pytest.fixture(scope="session")
def make_task():
    return tiny_task
