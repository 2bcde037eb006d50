"""Missing values: where they are told to be, and what fills them in."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.config.resolve import resolve
from isthmus.config.schema import make_config
from isthmus.errors import InputError
from isthmus.store.lazy_array import LazyArray
from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.missing import fill_in, fill_values

rng = np.random.default_rng(0)
N = 20


def with_gaps(shape: tuple[int, ...], seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed)
    return np.where(drawn.random(shape) < 0.3, np.nan, drawn.normal(size=shape))


@given(st.sampled_from([(9, 4), (9, 3, 5), (9, 2, 3, 4)]), st.integers(0, 50))
def test_the_mean_of_a_column_or_channel(shape: tuple[int, ...], seed: int) -> None:
    x = with_gaps(shape, seed)
    means = [float(np.nanmean(x[:, k])) if not np.isnan(x[:, k]).all() else None for k in range(shape[1])]
    if None in means:
        with pytest.raises(InputError, match="has no values"):
            fill_values("mean", x)
        return
    values = fill_values("mean", x)
    np.testing.assert_allclose(values, means)
    filled = fill_in(x, values)
    for k in range(shape[1]):
        np.testing.assert_allclose(filled[:, k][np.isnan(x[:, k])], means[k])
    np.testing.assert_array_equal(filled[~np.isnan(x)], x[~np.isnan(x)])
    lazy = LazyArray(x.shape, x.dtype, lambda indices: x[indices])
    np.testing.assert_allclose(fill_values("mean", lazy), means)
    np.testing.assert_allclose(np.asarray(fill_in(lazy, values)), filled)


def test_interpolation_along_a_series() -> None:
    nan = np.nan
    x = np.array([[nan, 1, nan, nan, 4, nan], [0, 1, 2, 3, 4, 5]])
    np.testing.assert_array_equal(fill_in(x, "interpolation"), [[1, 1, 2, 3, 4, 4], x[1]])
    np.testing.assert_array_equal(fill_in([x, x[:, :3]], "interpolation")[1], [[1, 1, 1], [0, 1, 2]])
    with pytest.raises(InputError, match="sample 1 has a series without any value"):
        fill_in(np.array([[[0.0], [1]], [[0], [nan]]]), "interpolation")


def test_one_number() -> None:
    assert fill_in(np.array([[np.nan, 2.0]]), fill_values(-1, np.zeros((1, 2)))).tolist() == [[-1, 2]]
    with pytest.raises(InputError, match="3 fill values and 2 columns"):
        fill_in(np.array([[np.nan, 2.0]]), (1.0, 2.0, 3.0))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_only_training_data_fills_in(here: Path) -> None:
    x = rng.normal(size=(N, 4))
    x[::5, 2] = np.nan
    np.savez("my.npz", x=x, y=np.arange(N) % 2, order=np.arange(N))
    task = custom_task("my.npz", fill="mean", hold_out=0.25, split="time", time="order")
    expected = np.nanmean(x[:15], 0)
    assert task.origin.description.fill == pytest.approx(tuple(expected))
    np.testing.assert_allclose(task.test.x[0, 0, 2], expected[2], rtol=1e-6)  # row 15
    assert "3 missing values of x in the training data: filled in by mean" in task.origin.understood.notes


def test_validation_data_fills_nothing_in(here: Path) -> None:
    """What is missing becomes the mean of the samples that are trained on."""
    x = rng.normal(size=(N, 4))
    x[::3, 2] = np.nan
    np.savez("my.npz", x=x, y=np.arange(N) % 2)
    task = pickle.loads(pickle.dumps(custom_task("my.npz", fill="mean")))  # as to the workers of a grid
    run = resolve(make_config({"task": "my", "method": "wrn", "validation": 0.25}), task)
    numbers = run.train.numbers
    assert numbers is not None
    expected = np.nanmean(x[numbers], 0)
    assert expected[2] != pytest.approx(np.nanmean(x[:, 2]), rel=1e-3)
    assert run.task.origin.description.fill == pytest.approx(tuple(expected))
    for part in (run.train, run.validation):
        filled = np.where(np.isnan(x[part.numbers]), expected, x[part.numbers])
        np.testing.assert_allclose(part.x[:, 0], filled, rtol=1e-6)


def test_series_of_different_lengths_are_filled_in_by_the_mean_of_each_channel() -> None:
    series = [np.array([[1.0, np.nan], [4, 6]]), np.array([[3.0, 5, np.nan], [np.nan, 1, 1]])]
    assert fill_values("mean", series) == (3.0, 3.0)


def test_missing_values_are_told_where_they_are_in_the_file(here: Path, refuses: Callable[..., Any]) -> None:
    """Before samples are shuffled or held out."""
    x = rng.normal(size=(N, 4))
    x[13, 2] = x[17, 1] = np.nan
    np.savez("my.npz", x=x, y=np.arange(N) % 2)
    with refuses("file", "my.npz") as error:
        custom_task("my.npz", hold_out=0.5)
    assert "nothing in array 'x' at [13, 2] and in 1 more places" in str(error.value)
    np.savez("my.npz", a=x[:, 2], b=x[:, 0], y=np.arange(N) % 2)
    with refuses("file", "my.npz") as error:
        custom_task("my.npz", x=("b", "a"), hold_out=0.5)
    assert "array 'a' at [13]" in str(error.value)
    np.savez("my.npz", x=x, y=x[:, 1])
    with refuses("file", "my.npz") as error:
        custom_task("my.npz", fill="mean")
    assert "array 'y' at [17]" in str(error.value)
