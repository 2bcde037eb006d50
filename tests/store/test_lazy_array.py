"""Arrays that are read in parts."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from isthmus.store import lazy_array
from isthmus.store.lazy_array import LazyArray, join
from isthmus.tasks import Output, Split, Task, split_validation


def reading(array: Any, **options: Any) -> tuple[Any, list[int]]:
    asked: list[int] = []

    def read(indices: np.ndarray) -> Any:
        asked.append(len(indices))
        return array[indices]

    return LazyArray(array.shape, np.float32, read, **options), asked


def test_samples_are_read_when_they_are_asked_for() -> None:
    array = np.random.default_rng(0).normal(size=(10, 2, 3))
    stand_in, asked = reading(array)
    assert (stand_in.shape, stand_in.ndim, len(stand_in), asked) == ((10, 2, 3), 3, 10, [])
    some = stand_in.part(np.array([7, 2, 5]))
    assert (some.shape, asked) == ((3, 2, 3), [])
    chosen = some[np.array([2, 0])]
    np.testing.assert_array_equal(chosen, array[[5, 7]].astype(np.float32))
    assert (chosen.dtype, asked) == (np.float32, [2])
    np.testing.assert_array_equal(np.asarray(stand_in), array.astype(np.float32))


@given(
    array=hnp.arrays(np.float32, (11, 2, 3), elements=st.floats(-100, 100, width=32)),
    chunk=st.integers(1, 80),
)
def test_mean_and_deviation_of_each_channel_are_those_of_the_whole(array: Any, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lazy_array, "CHUNK_VALUES", chunk)
        stand_in, _ = reading(array)
        mean, std = stand_in.mean((0, 2), dtype=np.float64), stand_in.std((0, 2), dtype=np.float64)
    np.testing.assert_allclose(mean, array.mean((0, 2), dtype=np.float64), atol=1e-5)
    np.testing.assert_allclose(std, array.std((0, 2), dtype=np.float64), rtol=1e-4, atol=1e-4)


def test_of_a_very_large_array_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy_array, "STATISTICS_VALUES", 400)
    array = np.random.default_rng(0).normal(3, 2, size=(5000, 2, 5))
    stand_in, asked = reading(array)
    assert stand_in.mean() == pytest.approx([3, 3], abs=0.8)
    assert stand_in.std() == pytest.approx([2, 2], abs=0.8)
    assert sum(asked) == 40


def test_plain_arrays_are_taken_as_they_are() -> None:
    array = np.arange(5)
    assert Split(array, array).part(np.array([3, 1])).x.tolist() == [3, 1]


def task(x: Any, y: Any) -> Task:
    nothing: dict[str, Any] = {
        "output": Output(2),
        "classes": (0, 1),
        "y_mean": (0.0,) * 2,
        "y_std": (1.0,) * 2,
    }
    return Task("t", "classification", Split(x, y), None, metric="error", loss="cross-entropy", **nothing)


def test_a_hash_that_was_taken_before_is_the_fingerprint() -> None:
    array, y = np.zeros((4, 1, 3), np.float32), np.arange(4) % 2
    one, asked = reading(array, digest="abc")
    other, _ = reading(array, digest="abd")
    assert task(one, y).fingerprint() == task(reading(array + 1, digest="abc")[0], y).fingerprint()
    assert task(one, y).fingerprint() != task(other, y).fingerprint()
    assert asked == []
    assert task(reading(array)[0], y).fingerprint() == task(array, y).fingerprint()


def test_validation_is_cut_without_reading() -> None:
    array = np.arange(60, dtype=np.float32).reshape(10, 2, 3)
    stand_in, asked = reading(array)
    train, validation = split_validation(Split(stand_in, np.arange(10) % 2), 0.2, 0, stratify=True)
    assert asked == []
    assert validation is not None
    assert (train.x.shape, validation.x.shape) == ((8, 2, 3), (2, 2, 3))
    plain, _ = split_validation(Split(array, np.arange(10) % 2), 0.2, 0, stratify=True)
    np.testing.assert_array_equal(np.asarray(train.x), plain.x)


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_two_arrays_one_after_the_other(first: int, second: int, data: st.DataObject) -> None:
    values = np.random.default_rng(0).normal(size=(first + second, 2, 3))
    indices = np.array(data.draw(st.lists(st.integers(0, first + second - 1), min_size=1)))
    lazy = LazyArray((second, 2, 3), np.float64, lambda chosen: values[first:][chosen], digest="b")
    for last in (values[first:], lazy):
        both = join(values[:first], last)
        assert both.shape == values.shape
        np.testing.assert_array_equal(both[indices], values[indices])
    assert join(lazy, lazy).digest == "b + b"
    assert join(values[:first], lazy).digest == ""  # what is not known of one is not known of both
