"""A task with a data set of its own: two arrays, from one published file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.npy import open_npz
from isthmus.store.paths import published
from isthmus.tasks import Output, Split, Task, TaskEntry, tasks
from isthmus.tasks.stored import make_task, stored

NAME = "tiny/stored"
X = np.arange(24, dtype=np.float64).reshape(6, 2, 2)
Y = np.arange(6) % 3


def prepare(folder: Path, writer: Writer) -> None:
    for name in ("x", "y"):
        with open_npz(folder / "tiny.npz", name) as stream:
            for chunk in stream.chunks():
                writer.add(name, chunk, f"tiny.npz:{name}")


def open_task(entry: TaskEntry, store: Store) -> Task:
    split = Split(store.changed("x"), store.labels("y"))
    return make_task(entry, Output(3), split, split, classes=(0, 1, 2))


DATA = DataSet(
    modality="numbers",
    licence="none",
    citation=("nobody",),
    files=(File("tiny.npz", "http://127.0.0.1:9/tiny.npz", 1),),
    arrays={"x": Array((2, None), "float32", -100, 100, 6), "y": Array((), "int8", 0, 2, 6)},
    prepare=prepare,
)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Registers the task, with what is to be changed in its data set, and writes its file."""
    list(tasks)  # what is registered must be there first
    monkeypatch.setattr(tasks, "_things", dict(tasks._things))
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    folder = published(NAME)
    folder.mkdir(parents=True)

    def register(x: Any = X, y: Any = Y, **changes: Any) -> Path:
        tasks._things.pop(NAME, None)
        stored(
            NAME, "a test", "classification", "[2, 2] -> [3], 6 train", replace(DATA, **changes), open_task
        )
        np.savez(folder / "tiny.npz", x=x, y=y)
        return folder / "tiny.npz"

    register()
    return register
