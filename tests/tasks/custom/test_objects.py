"""Data in memory: frames, labelled arrays and data sets of other libraries become tasks as files do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from isthmus.tasks import Task
from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.new_samples import read_new_samples
from isthmus.tasks.custom.objects import contents_of

X = np.random.default_rng(0).normal(size=(12, 2, 5)).astype(np.float32)
Y = np.arange(12) % 3


class Pairs(torch.utils.data.Dataset):
    def __init__(self, lengths: Any = (5,)) -> None:
        self.lengths = lengths

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, int]:
        return torch.from_numpy(X[number, :, : self.lengths[number % len(self.lengths)]]), int(Y[number])


def test_a_frame_is_a_table() -> None:
    contents = contents_of(pd.DataFrame(X[:, 0], columns=list("abcde")).assign(label=Y))
    np.testing.assert_array_equal(contents.take(contents.default_x("label"))[:], X[:, 0])
    np.testing.assert_array_equal(contents.take(contents.default_y()), Y)


def test_labelled_arrays_are_arrays() -> None:
    xarray = pytest.importorskip("xarray")
    data = xarray.Dataset({"x": (("n", "c", "t"), X), "y": ("n", Y)})
    contents = contents_of(data)
    np.testing.assert_array_equal(contents.take("x"), X)
    task = Task.from_arrays(data["x"], data["y"], kind="classification")  # a DataArray is an array
    np.testing.assert_array_equal(task.train.x, X)
    np.testing.assert_array_equal(task.train.y, Y)


@pytest.mark.parametrize(
    "data", [Pairs(), torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))]
)
def test_pairs_of_torch(data: Any) -> None:
    contents = contents_of(data)
    np.testing.assert_array_equal(contents.take("x"), X)
    np.testing.assert_array_equal(contents.take("y"), Y)


def test_pairs_of_unequal_length_are_a_list() -> None:
    samples = contents_of(Pairs((5, 3))).take("x")
    assert [sample.shape for sample in samples[:2]] == [(2, 5), (2, 3)]


@pytest.mark.parametrize("data", [3, "text", np.zeros(3), [1, 2], []])
def test_what_is_no_data(data: Any, refuses: Callable[..., Any]) -> None:
    with refuses("value", "data"):
        contents_of(data)


def test_a_task_of_a_frame_is_that_of_its_file(tmp_path: Path) -> None:
    frame = pd.DataFrame(X[:, 0], columns=list("abcde")).assign(batch=list("uvw") * 4, kind=list("xyz") * 4)
    frame.to_csv(tmp_path / "my.csv", index=False)
    keys: dict[str, Any] = {"y": "kind", "group": "batch", "name": "mine"}
    memory, file = custom_task(frame, **keys), custom_task(tmp_path / "my.csv", **keys)
    assert memory.fingerprint() == file.fingerprint()
    rows, expected = (dict(task.origin.understood.rows()) for task in (memory, file))
    assert rows["file"] == "data"
    assert {**rows, "file": ""} == {**expected, "file": ""}


def test_new_samples_in_memory_are_read_as_the_task_was() -> None:
    names = list("abcde")
    frame = pd.DataFrame(X[:, 0], columns=names).assign(kind=list("xyz") * 4)
    description = custom_task(frame, y="kind").origin.description
    shuffled = frame[["kind", *reversed(names)]]
    np.testing.assert_array_equal(read_new_samples(shuffled, description).x, X[:, 0])


def test_what_a_frame_lacks(refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "kind"):
        custom_task(pd.DataFrame(X[:, 0], columns=list("abcde")), y="kind")
