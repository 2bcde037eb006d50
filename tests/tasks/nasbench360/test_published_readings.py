"""Tasks as the published code reads their data: `NAME-published`, beside `NAME`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import train_test_split

from isthmus.store.prepare import mock
from isthmus.store.prepare import prepare as prepare_data
from isthmus.tasks import Split, Task, load_task, split_validation, tasks

READINGS = [name for name, entry in tasks.items() if entry.data_of]


@pytest.fixture
def both(publish: Callable[[str], Any]) -> Callable[[str], tuple[Any, Task, Task]]:
    """Writes and prepares the published files of a task: both(name) -> what is in them, and both readings."""

    def make(name: str) -> tuple[Any, Task, Task]:
        raw = publish(f"nasbench360/{name}")
        prepare_data(f"nasbench360/{name}", tasks[f"nasbench360/{name}"].data)
        return raw, load_task(f"nasbench360/{name}"), load_task(f"nasbench360/{name}-published")

    return make


def x(split: Split | None) -> np.ndarray:
    assert split is not None
    return np.asarray(split.x)


def y(split: Split | None) -> np.ndarray:
    assert split is not None
    return np.asarray(split.y)


def test_which_there_are() -> None:
    assert [
        f"nasbench360/{n}-published" for n in ("cosmic", "deepsea", "ecg", "fsd50k", "psicov")
    ] == READINGS


def test_their_data_is_that_of_the_task(run: Any, refused: Callable[..., str]) -> None:
    said = refused(run("data", "prepare", "nasbench360/ecg-published"))
    assert said == "isthmus: 'nasbench360/ecg-published' reads the data of 'nasbench360/ecg'; give that\n"
    code, out, _ = run("data", "list")
    assert code == 0
    assert "-published" not in out


@pytest.mark.parametrize("name", READINGS)
def test_stand_ins_can_be_read_so(name: str, tmp_path: Any) -> None:
    whole = tasks[name].data_of
    mock(whole, tasks[whole].data, tmp_path, samples=4)
    task = load_task(name, tmp_path)
    assert task.name == f"{name}-synthetic"
    for split in (task.train, task.test):
        assert len(x(split)) == len(y(split)) > 0
    assert task.reference is None
    assert task.new_metric() is not None


def test_ecg_holds_out_the_published_tenth_of_the_records(both: Any) -> None:
    raw, task, published = both("ecg")
    rest, held_out = train_test_split(np.arange(16), test_size=0.1, random_state=0)
    strides = {"N": 500, "A": 83, "O": 250, "~": 25}
    assert (published.classes, published.metric) == (task.classes, "1-f1-reference")
    assert published.validation is None
    for split, records in ((published.train, rest), (published.test, held_out)):
        expected = {}
        for i in records:
            record = (raw["data"][i] - raw["data"][i].mean()) / raw["data"][i].std()
            for start in range(0, len(record) - 1000, strides[raw["label"][i]]):
                expected[record[start : start + 5].astype(np.float32).tobytes()] = raw["label"][i]
        found = [row[0, :5].tobytes() for row in x(split)]
        assert sorted(found) == sorted(expected)
        assert [published.classes[k] for k in y(split)] == [expected[key] for key in found]


def test_records_of_ecg_are_not_on_both_sides_of_a_validation_cut(both: Any) -> None:
    published = both("ecg")[2]
    train, validation = split_validation(published.train, 0.3, 0, stratify=True)
    assert validation is not None
    assert not set(train.cut.keys) & set(validation.cut.keys)
    assert len(train) + len(validation) == len(published.train)


def test_deepsea_is_shuffled_before_its_blocks(both: Any) -> None:
    _, task, published = both("deepsea")
    assert published.metric == "1-auroc-reference"
    rows = [row.tobytes() for row in x(task.test)]
    order = [rows.index(row.tobytes()) for row in x(published.test)]
    assert sorted(order) == list(range(len(rows))) != order
    np.testing.assert_array_equal(y(task.test)[order], y(published.test))
    np.testing.assert_array_equal(x(published.train), x(task.train))


def test_psicov_has_the_squared_error_in_angstrom(both: Any) -> None:
    _, task, published = both("psicov")
    output = torch.full((1, 1, 512, 512), 7.0)
    target = torch.from_numpy(published.train.y[np.arange(1)])
    plain = (output - target).square().mean()
    torch.testing.assert_close(published.sample_losses(output, target)[0], plain)
    assert task.sample_losses(output, target)[0] != pytest.approx(plain.item(), rel=0.1)
    assert published.metric == "contact-mae-reference"


def test_test_pictures_of_cosmic_have_random_sky(both: Any) -> None:
    _, task, published = both("cosmic")
    assert published.metric == "1-auroc-seen-reference"
    times = (x(published.test) - x(task.test))[:, 0] / y(task.test)[:, 1]
    np.testing.assert_allclose(times.min((1, 2)), times.max((1, 2)), atol=1e-3)
    assert (times > -0.91).all()
    assert (times < 3.01).all()
    assert len(np.unique(times.mean((1, 2)).round(2))) == len(times)
    np.testing.assert_array_equal(x(published.test), x(published.test))  # drawn once and for all
    np.testing.assert_array_equal(y(published.test), y(task.test))
    np.testing.assert_array_equal(x(published.train), x(task.train))


def test_fsd50k_draws_a_chunk_of_each_clip_once(both: Any) -> None:
    _, task, published = both("fsd50k")
    clips = {row[:-1].tobytes() for row in y(task.train)}
    assert len(y(published.train)) == len(clips) == 4
    assert {row[:-1].tobytes() for row in y(published.train)} == clips
    assert published.augment is None
    first = x(published.train)
    np.testing.assert_array_equal(first, x(published.train))
    np.testing.assert_array_equal(first[[2, 0]], published.train.x[np.array([2, 0])])
    for split in (published.train, published.validation, published.test):
        assert (x(split)[..., 101] == 0).all()
    np.testing.assert_array_equal(x(published.test)[..., :101], x(task.test)[..., :101])
    unchanged = {row.tobytes() for row in x(task.train)[..., :101]}
    assert not all(row.tobytes() in unchanged for row in first[..., :101])
