"""Inputs become float32 [N, C, L] or [N, C, H, W], or one line says why not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.tasks import prepare_inputs
from isthmus.tasks.arrays import resample


@given(old=st.integers(1, 30), new=st.integers(1, 60), channels=st.integers(1, 3), seed=st.integers(0, 99))
def test_resampling_is_linear_interpolation_from_end_to_end(
    old: int, new: int, channels: int, seed: int
) -> None:
    series = np.random.default_rng(seed).normal(size=(channels, old))
    slow = [np.interp(np.linspace(0, old - 1, new), np.arange(old), channel) for channel in series]
    np.testing.assert_allclose(resample(series, new), slow, atol=1e-12)


@given(length=st.integers(1, 200), seed=st.integers(0, 99))
def test_resampling_to_the_same_length_changes_nothing(length: int, seed: int) -> None:
    series = np.random.default_rng(seed).normal(size=(2, length))
    np.testing.assert_array_equal(resample(series, length), series)


@pytest.mark.parametrize("shape", [(5, 7), (5, 1, 7), (5, 3, 7), (5, 2, 4, 6)])
def test_arrays_tensors_and_nested_lists_are_the_same_inputs(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).integers(0, 99, shape)
    expected = x.reshape(5, *((1, 7) if x.ndim == 2 else shape[1:])).astype(np.float32)
    for form in (x, x.astype(np.float64), torch.tensor(x), torch.tensor(x).bfloat16(), x.tolist(), list(x)):
        inputs = prepare_inputs(form, None)
        assert inputs.dtype == np.float32
        np.testing.assert_array_equal(inputs, expected)


def test_a_tensor_that_requires_a_gradient_is_read() -> None:
    assert prepare_inputs(torch.ones(2, 3, requires_grad=True), None).shape == (2, 1, 3)


def test_series_of_different_lengths_get_the_longest() -> None:
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(2, n)) for n in (4, 9, 6)]
    inputs = prepare_inputs(x, None)
    assert inputs.shape == (3, 2, 9)
    np.testing.assert_array_equal(inputs[1], x[1].astype(np.float32))
    np.testing.assert_allclose(inputs[0][:, [0, -1]], x[0][:, [0, -1]], rtol=1e-6)


def test_an_object_array_of_series_is_a_list_of_series() -> None:
    x = [np.arange(3.0), np.arange(5.0)]
    objects = np.empty(2, dtype=object)
    objects[:] = x
    np.testing.assert_array_equal(prepare_inputs(objects, None), prepare_inputs(x, None))
    assert prepare_inputs(x, None).shape == (2, 1, 5)


@pytest.mark.parametrize("lengths", [(4, 9), (12, 12), (5, 5), (7,)])
def test_new_series_in_a_list_get_the_length_of_the_task(lengths: Any) -> None:
    x = [np.linspace(0, 1, n) for n in lengths]
    line = np.broadcast_to(np.linspace(0, 1, 7), (len(x), 1, 7))
    np.testing.assert_allclose(prepare_inputs(x, (1, 7)), line, atol=1e-6)


def test_the_channel_axis_is_added_where_the_task_has_one_channel() -> None:
    assert prepare_inputs(np.zeros((4, 7)), (1, 7)).shape == (4, 1, 7)
    assert prepare_inputs(np.zeros((4, 8, 6)), (1, 8, 6)).shape == (4, 1, 8, 6)


def test_an_array_of_another_length_is_refused_not_resampled(refuses: Callable[..., Any]) -> None:
    with refuses("value", "x_test"):
        prepare_inputs(np.zeros((4, 8)), (1, 7), "x_test")


def _with(value: Any, *places: Any) -> Any:
    x = np.zeros((3, 2, 4))
    for place in places:
        x[place] = value
    return x


@pytest.mark.parametrize(
    ("x", "key"),
    [
        (_with(np.nan, (1, 0, 3), (2, 1, 1)), "x"),
        (_with(np.inf, (0, 1, 2)), "x"),
        (_with(1e300, (0, 1, 2)), "x"),
        ([[1.0, 2.0], [1.0, np.nan, 3.0]], "x[1]"),
        (np.zeros(5), "x"),
        ([1.0, 2.0], "x"),
        (np.zeros((1, 1, 1, 1, 1)), "x"),
        (np.zeros((0, 1, 7)), "x"),
        (np.zeros((5, 0)), "x"),
        ([], "x"),
        ([[1.0, 2.0], []], "x[1]"),
        (np.array([["a", "b"]]), "x"),
        (np.array([[1j, 2]]), "x"),
        (None, "x"),
        ([[1.0, None]], "x[0]"),
        ([np.zeros((2, 4)), np.zeros((3, 4))], "x[1]"),
        ([np.zeros((1, 4, 4)), np.zeros((1, 5, 5))], "x[0]"),
        ([[[1.0, 2.0], [3.0]], [[1.0], [2.0]]], "x[0]"),
    ],
)
def test_bad_inputs_are_refused_in_one_line(x: Any, key: str, refuses: Callable[..., Any]) -> None:
    with refuses("value", key):
        prepare_inputs(x, None)


MASKED = np.ma.masked_array(np.ones((3, 4)), mask=np.eye(3, 4))


@pytest.mark.parametrize(
    ("x", "key"),
    [
        (MASKED, "x"),
        ([np.ones(4), MASKED[1]], "x[1]"),
        (pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1, 2]}), "x"),
        (np.array([[1.0, 2.0], [pd.NaT, 3.0]], dtype=object), "x"),
        (np.array([["2020-01-01", "NaT"]], dtype="datetime64[D]"), "x"),
        (np.array([[1, 2]], dtype="timedelta64[s]"), "x"),
        ([[1.0, "2"], [3.0, 4.0]], "x[0]"),
        (np.full((2, 3), 9.969209968386869e36), "x"),
        (np.full((2, 3), 9.969209968386869e36, dtype=np.float32), "x"),
    ],
)
def test_what_is_missing_or_no_number_is_refused_whatever_its_form(
    x: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses("value", key):
        prepare_inputs(x, None)


def test_an_array_that_masks_nothing_is_an_array() -> None:
    whole = np.ma.masked_array(np.ones((3, 4)), mask=False)
    np.testing.assert_array_equal(prepare_inputs(whole, None), np.ones((3, 1, 4)))
    np.testing.assert_array_equal(prepare_inputs(list(whole), None), np.ones((3, 1, 4)))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.float16, np.float32, np.int64, np.float64])
def test_ordinary_numbers_are_kept_as_float32(dtype: type) -> None:
    x: Any = np.random.default_rng(0).integers(0, 2, (4, 2, 6)).astype(dtype)
    inputs = prepare_inputs(x, None)
    assert inputs.dtype == np.float32
    np.testing.assert_array_equal(inputs, x)


@pytest.mark.parametrize(("unit", "zero"), [(1e-3, 101325), (1e-40, 0), (1e38, 0), (1, -1e12)])
def test_what_float32_would_lose_is_kept_as_float64(unit: float, zero: float) -> None:
    x = np.random.default_rng(0).normal(size=(9, 2, 6)) * np.array([unit, 1])[:, None]
    x[:, 0] += zero
    np.testing.assert_array_equal(prepare_inputs(x, None), x)
    np.testing.assert_array_equal(prepare_inputs(list(x), None), x)
    assert prepare_inputs(x[:, 1:], None).dtype == np.float32


def test_new_samples_beyond_the_type_of_the_task_are_refused(refuses: Callable[..., Any]) -> None:
    with refuses("value", "x"):
        prepare_inputs(_with(1e300, (0, 1, 2)), (2, 4), dtype=np.float32)


@pytest.mark.parametrize("shape", [(4, 3, 7), (4, 1, 7, 7), (4, 7, 1)])
def test_samples_that_do_not_fit_the_task_are_refused(
    shape: tuple[int, ...], refuses: Callable[..., Any]
) -> None:
    with refuses("value", "x"):
        prepare_inputs(np.zeros(shape), (1, 7))


@pytest.mark.parametrize("x", [[], [[]], np.empty((0, 7))])
def test_no_samples_are_refused_when_predicting_too(x: Any, refuses: Callable[..., Any]) -> None:
    with refuses("value", "x"):
        prepare_inputs(x, (1, 7))
