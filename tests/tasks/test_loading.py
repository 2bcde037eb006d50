"""Tasks by name, and what is said of them without their data."""

import subprocess
import sys

import pytest

from isthmus.errors import InputError
from isthmus.tasks import TaskEntry, load_task, problem_types, tasks


def test_every_entry_is_filed_under_its_name_with_one_line_each():
    for name, entry in tasks.items():
        assert entry.name == name
        assert entry.kind in problem_types
        for line in (entry.about, entry.shape, entry.reference):
            assert line
            assert "\n" not in line


def test_a_new_task_is_one_registration(tmp_path, monkeypatch):
    roots = []
    entry = TaskEntry(
        name="new",
        about="a test",
        kind="classification",
        shape="[1, 2] -> [2], 3 train",
        reference="nobody",
        load=roots.append,
    )
    monkeypatch.setattr(tasks, "_things", dict(tasks))
    tasks.register("new")(entry)
    assert "new" in list(tasks)
    load_task("new", tmp_path)
    load_task("new", str(tmp_path))
    load_task("new")
    assert roots == [tmp_path, tmp_path, None]


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(InputError, match="unknown task 'digit'; did you mean 'digits'"):
        load_task("digit")


def test_listing_loads_no_data():
    code = (
        "import sys; from isthmus.tasks import tasks; print(len(list(tasks.values())) > 9); "
        "print([m for m in ('aeon', 'sklearn.datasets') if m in sys.modules])"
    )
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert listed.stdout.split("\n")[:2] == ["True", "[]"]
