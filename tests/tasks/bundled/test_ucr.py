"""The archives that aeon carries, as they are, with no network."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.tasks import load_task, tasks
from isthmus.tasks.bundled.ucr import ARCHIVE

NAMES = [name for name, entry in tasks.items() if ARCHIVE in entry.reference]


def test_all_archives_are_there() -> None:
    assert len(NAMES) == 11


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_is_what_its_entry_says(name: str) -> None:
    pytest.importorskip("aeon")
    task, entry = load_task(name), tasks[name]
    assert (task.name, task.kind, task.about, task.shape) == (name, entry.kind, entry.about, entry.shape)
    for split in (task.train, task.test):
        assert split.x.dtype == np.float32
        assert np.isfinite(split.x).all()
        assert split.x.std() > 0


def test_labels_written_as_numbers_sort_as_numbers() -> None:
    pytest.importorskip("aeon")
    assert load_task("PickupGestureWiimoteZ").classes == tuple(range(1, 11))
    assert load_task("BasicMotions").classes == ("badminton", "running", "standing", "walking")


def test_values_are_those_of_the_file() -> None:
    datasets = pytest.importorskip("aeon.datasets")
    x, y = datasets.load_gunpoint(split="test")
    task = load_task("GunPoint")
    np.testing.assert_array_equal(task.test.x, x.astype(np.float32))
    assert [str(task.classes[k]) for k in task.test.y] == y.tolist()


def test_without_aeon_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    monkeypatch.setitem(sys.modules, "aeon", None)
    with refuses("dependency", "aeon"):
        load_task("GunPoint")


def test_an_aeon_that_lacks_the_file_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    datasets = pytest.importorskip("aeon.datasets")
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "__init__.py"))
    monkeypatch.setattr("aeon.__version__", "1.6")
    with refuses("dependency", "aeon"):
        load_task("ACSF1")
