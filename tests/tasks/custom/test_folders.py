"""Folders of classes: a sample in each file; of bad ones, one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.new_samples import read_new_samples

X = np.random.default_rng(0).normal(size=(4, 2, 5)).astype(np.float32)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put_folder(root: Path, samples: Any) -> None:
    for i, (label, sample) in enumerate(samples):
        (root / label).mkdir(parents=True, exist_ok=True)
        if isinstance(sample, str):
            (root / label / f"{i:02}.csv").write_text(sample)
        else:
            np.save(root / label / f"{i:02}.npy", sample)


def test_a_folder_for_each_class(here: Path) -> None:
    put_folder(here / "birds", [("wren", "1\n2\n3\n"), ("robin", "4,5,6\n"), ("wren", np.array([7.0, 9.0]))])
    (here / "birds" / "wren" / ".hidden").write_text("")
    task = custom_task("birds")
    assert (task.name, task.classes, task.test) == ("birds", ("robin", "wren"), None)
    np.testing.assert_array_equal(task.train.x[:, 0], [[4, 5, 6], [1, 2, 3], [7, 8, 9]])
    np.testing.assert_array_equal(task.train.y, [0, 1, 1])


def test_folders_of_training_and_test_data(here: Path) -> None:
    put_folder(here / "birds" / "train", [("wren", X[0]), ("robin", X[1]), ("robin", X[2])])
    put_folder(here / "birds" / "test", [("wren", X[3])])
    task = custom_task("birds")
    np.testing.assert_array_equal(task.train.x, X[[1, 2, 0]])
    np.testing.assert_array_equal(task.test.x, X[[3]])
    np.testing.assert_array_equal(task.test.y, [1])


def test_samples_of_a_folder_are_called_by_their_files(here: Path) -> None:
    put_folder(here / "birds", [("wren", X[0]), ("robin", X[1]), ("robin", X[2])])
    put_folder(here / "new", [("unknown", X[3])])
    task = custom_task("birds")
    assert dict(task.origin.understood.rows())["ids"] == "samples 'file'"
    samples = read_new_samples(Path("new"), task.origin.description)
    assert {name: values.tolist() for name, values in samples.ids.items()} == {"file": ["unknown/00.npy"]}


def test_series_of_a_folder_are_held_out(here: Path) -> None:
    put_folder(here / "birds", [(label, np.arange(3.0 + i)) for i, label in enumerate(["no", "yes"] * 6)])
    (here / "my.yaml").write_text("data: birds\nhold_out: 0.25\n")
    task = custom_task("my.yaml")
    assert (len(task.train), len(task.test)) == (9, 3)


def test_wrong_folders(here: Path, refuses: Callable[..., Any]) -> None:
    (here / "birds").mkdir()
    with refuses("file", "birds"):
        custom_task("birds")
    (here / "birds" / "wren").mkdir()
    with refuses("file", "birds/wren"):
        custom_task("birds")
    (here / "birds" / "wren" / "a.doc").write_text("1")
    with refuses("value", "birds/wren/a.doc"):
        custom_task("birds")
