"""Tasks by name, and what is said of them without their data."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.tasks import Task, TaskEntry, load_task, problem_types, tasks


def test_every_entry_is_filed_under_its_name_with_one_line_each() -> None:
    for name, entry in tasks.items():
        assert entry.name == name
        assert entry.kind in problem_types
        for line in (entry.about, entry.shape, entry.reference):
            assert line
            assert "\n" not in line


def test_a_new_task_is_one_registration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roots: list[Path | None] = []

    def load(root: Path | None) -> Task:
        roots.append(root)
        return Task.from_arrays(np.ones((2, 3)), [0, 1])

    entry = TaskEntry(
        name="new",
        about="a test",
        kind="classification",
        shape="[1, 2] -> [2], 3 train",
        reference="nobody",
        load=load,
    )
    monkeypatch.setattr(tasks, "_things", dict(tasks))
    tasks.register("new")(entry)
    assert "new" in list(tasks)
    load_task("new", tmp_path)
    load_task("new", str(tmp_path))
    load_task("new")
    assert roots == [tmp_path, tmp_path, None]


def test_an_unknown_task_names_the_nearest(refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "digit"):
        load_task("digit")


@pytest.mark.slow
def test_listing_loads_no_data() -> None:
    code = (
        "import sys; from isthmus.tasks import tasks; print(len(list(tasks.values())) > 9); "
        "print([m for m in ('aeon', 'sklearn.datasets') if m in sys.modules])"
    )
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert listed.stdout.split("\n")[:2] == ["True", "[]"]
