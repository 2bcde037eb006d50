"""What a kind encodes, it decodes; what does not fit it refuses in one line."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from isthmus.tasks.problem_types import Encoded, Output, problem_types


def encode(kind: str, y_train: Any, y_test: Any = None) -> Encoded:
    return problem_types[kind]().encode(y_train, y_test)


def sure(numbers: Any, channels: int) -> torch.Tensor:
    """Logits that are certain of these class numbers: [N, *size] -> [N, channels, *size]."""
    return torch.nn.functional.one_hot(torch.from_numpy(numbers), channels).movedim(-1, 1) * 10.0


names = st.one_of(st.integers(-5, 5), st.integers(10**9, 10**9 + 3)), st.sampled_from(["a", "b2", "10", "ü"])


@given(st.one_of(*(st.lists(name, min_size=2, max_size=12) for name in names)))
def test_classes_come_back_under_the_users_names(y: Any) -> None:
    assume(len(set(y)) > 1)
    encoded = encode("classification", y, y[:1])
    assert encoded.output == Output(len(set(y)), ())
    assert encoded.classes == tuple(sorted(set(y)))
    assert encoded.y_train.dtype == encoded.y_test.dtype == np.int64
    decoded = problem_types["classification"]().decode(sure(encoded.y_train, len(set(y))), encoded.classes)
    assert decoded.tolist() == y
    assert encoded.y_test.tolist() == encoded.y_train.tolist()[:1]


@pytest.mark.parametrize(
    "y",
    [
        np.array([3.0, -1.0, 3.0]),
        np.array([3, -1, 3], dtype=np.int8),
        torch.tensor([3, -1, 3]),
        np.array([3, -1, 3], dtype=object),
    ],
)
def test_floats_that_hold_integers_are_classes(y: Any) -> None:
    encoded = encode("classification", y)
    assert encoded.classes == (-1, 3)
    assert encoded.y_train.tolist() == [1, 0, 1]
    assert (encoded.y_mean, encoded.y_std) == ((0.0, 0.0), (1.0, 1.0))


@given(hnp.arrays(np.int64, st.sampled_from([(2, 5), (3, 2, 4)]), elements=st.integers(0, 3)), st.booleans())
def test_label_maps_come_back_under_the_users_names(y: Any, text: str) -> None:
    assume(len(np.unique(y)) > 1)
    y = y.astype(str) if text else y
    encoded = encode("segmentation", y, y)
    assert encoded.output == Output(len(np.unique(y)), y.shape[1:])
    np.testing.assert_array_equal(encoded.y_test, encoded.y_train)
    decoded = problem_types["segmentation"]().decode(
        sure(encoded.y_train, encoded.output.channels), encoded.classes
    )
    np.testing.assert_array_equal(decoded, y)


def test_a_label_map_may_have_more_classes_than_there_are_samples() -> None:
    assert encode("segmentation", np.arange(12).reshape(2, 6), np.zeros((1, 6))).output == Output(12, (6,))


def test_multi_hot_labels_come_back() -> None:
    y = np.random.default_rng(0).integers(0, 2, (6, 4))
    encoded = encode("multilabel", y, y[:2])
    assert (encoded.output, encoded.classes, encoded.y_train.dtype) == (Output(4), (0, 1, 2, 3), np.float32)
    decoded = problem_types["multilabel"]().decode(
        (torch.from_numpy(encoded.y_train) - 0.5) * 0.1, encoded.classes
    )
    np.testing.assert_array_equal(decoded, y)


@pytest.mark.parametrize("shape", [(9,), (9, 1), (9, 3), (9, 2, 5), (9, 2, 4, 5)])
def test_numbers_come_back_with_mean_and_deviation_of_each_channel(shape: tuple[int, ...]) -> None:
    y = np.random.default_rng(0).normal(5, 3, shape)
    encoded = encode("regression", y, y[:4])
    channels = y.reshape(9, 1) if y.ndim == 1 else y
    assert encoded.output == Output(channels.shape[1], channels.shape[2:])
    assert encoded.y_test.shape == (4, *channels.shape[1:])
    for c in range(channels.shape[1]):
        assert encoded.y_mean[c] == pytest.approx(channels[:, c].mean(), rel=1e-6)
        assert encoded.y_std[c] == pytest.approx(channels[:, c].std(), rel=1e-6)
    decoded = problem_types["regression"]().decode(torch.from_numpy(encoded.y_train), ())
    np.testing.assert_allclose(decoded, y.reshape(9) if channels.shape[1:] == (1,) else y, rtol=1e-6)


def test_a_channel_that_never_changes_has_the_largest_deviation_of_the_others() -> None:
    y = np.stack([np.arange(5.0), np.full(5, 7.0)], axis=1)
    encoded = encode("regression", y)
    assert encoded.y_mean == (2.0, 7.0)
    assert encoded.y_std == (pytest.approx(2**0.5), pytest.approx(2**0.5))


@pytest.mark.parametrize("kind", ["classification", "segmentation"])
def test_probabilities_of_classes_sum_to_one(kind: str) -> None:
    output = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0)) * 5
    probabilities = problem_types[kind]().probabilities(output)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(probabilities.argmax(1), output.argmax(1))


def test_probabilities_of_labels_are_of_each_alone() -> None:
    expected = 1 / (1 + np.exp([[2.0, -1.0]]))
    np.testing.assert_allclose(
        problem_types["multilabel"]().probabilities(-torch.tensor([[2.0, -1.0]])), expected, rtol=1e-6
    )


def test_numbers_have_no_probabilities(refuses: Callable[..., Any]) -> None:
    with refuses("value", "kind"):
        problem_types["regression"]().probabilities(torch.zeros(2, 1))


def test_the_default_metric_of_a_field_is_relative() -> None:
    assert problem_types["regression"]().metric(Output(1, (8,))) == "nrmse"
    assert problem_types["regression"]().metric(Output(3)) == "rmse"


@pytest.mark.parametrize(
    ("kind", "y_train", "y_test", "fault", "key"),
    [
        ("classification", [1, 1, 1], None, "value", "y_train"),
        ("classification", ["a", "a"], None, "value", "y_train"),
        ("classification", [0, 1, 0, 1], [2, 0, 7], "value", "y_test"),
        ("classification", ["a", "b", "a"], ["c"], "value", "y_test"),
        ("classification", [0, 1], [2, 0, 7], "value", "y_train"),
        ("classification", [0, 1], ["0", "1"], "conflict", "y_test"),
        ("classification", [0, 0.25, 1], None, "value", "y_train"),
        ("classification", [0, np.nan, 1], None, "value", "y_train"),
        ("classification", [[0, 1], [1, 0]], None, "value", "y_train"),
        ("classification", [0, None, 1], None, "value", "y_train"),
        ("segmentation", [0, 1], None, "value", "y_train"),
        ("segmentation", np.eye(3), np.eye(4), "conflict", "y_test"),
        ("segmentation", np.eye(3), np.eye(3) * 2, "value", "y_test"),
        ("multilabel", [0, 1], None, "value", "y_train"),
        ("multilabel", [[0, 1], [3, 0]], None, "value", "y_train"),
        ("multilabel", [[0, 1]], [[0.5, 0]], "value", "y_test"),
        ("multilabel", [[0, 1]], [[0, 1, 1]], "conflict", "y_test"),
        ("multilabel", [[0, 0], [0, 0]], None, "value", "y_train"),
        ("regression", [1.0, 1.0], None, "value", "y_train"),
        ("regression", [1.0, np.inf], None, "value", "y_train"),
        ("regression", ["a", "b"], None, "value", "y_train"),
        ("regression", np.zeros((2, 1, 1, 1, 1)), None, "value", "y_train"),
        ("regression", np.eye(3), np.eye(4), "conflict", "y_test"),
        ("regression", [[1.0, 2.0], [1.0]], None, "value", "y_train"),
    ],
)
def test_targets_that_do_not_fit_are_refused_in_one_line(
    kind: str, y_train: Any, y_test: Any, fault: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses(fault, key):
        encode(kind, y_train, y_test)


MASK = np.ma.masked_array([0, 1, 0], mask=[False, True, False])


@pytest.mark.parametrize("word", ["NA", "nan", "", "<NA>", "None", "NaT"])
def test_words_for_missing_values_are_no_classes(word: str, refuses: Callable[..., Any]) -> None:
    with refuses("value", "y_train"):
        encode("classification", np.array(["a", "b", word]))


@pytest.mark.parametrize("word", ["na", "Na", "none", "0", "nan?"])
def test_words_that_only_look_like_them_are(word: str) -> None:
    assert set(encode("classification", ["a", word]).classes) == {"a", word}


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("classification", MASK),
        ("regression", MASK),
        ("classification", [0, np.ma.masked, 1]),
        ("classification", pd.Series(["a", "b", np.nan])),
        ("classification", ["a", "b", np.nan]),
        ("classification", pd.Series(["a", pd.NA, "b"], dtype="string")),
        ("classification", pd.array([0, 1, None], dtype="Int64")),
        ("regression", pd.array([0.5, 1.5, None], dtype="Float64")),
        ("classification", pd.Categorical(["a", "b", None])),
        ("classification", np.array(["2020-01-01", "NaT"], dtype="datetime64[D]")),
        ("classification", [1, "1", 2]),
        ("classification", ["a", b"a"]),
        ("classification", ["a", "a\0", "b"]),
        ("classification", ["a", "b\0c"]),
        ("classification", ["a", "b\udcff"]),
        ("classification", np.array([b"a", b"\xe9"])),
        ("classification", np.array([2**63 + 5, 2**63 + 9], dtype=np.uint64)),
        ("classification", [1e20, 2e20]),
        ("classification", [2.0**53, 2.0**53 + 2]),
        ("classification", [2**70, 2**70 + 1]),
        ("classification", np.array([1j, 2])),
        ("regression", np.array([1j, 2])),
        ("regression", np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]")),
        ("regression", [0.0, 1e200]),
        ("regression", 5 + 1e-16 * np.arange(5)),
    ],
)
def test_targets_that_would_be_lost_or_merged_are_refused(
    kind: str, y: Any, refuses: Callable[..., Any]
) -> None:
    with refuses("value", "y_train"):
        encode(kind, y)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.array([b"caf\xc3\xa9", b"th\xc3\xa9"]), ("café", "thé")),
        ([b"a", b"b"], ("a", "b")),
        ([1.0, 2.0], (1, 2)),
        (np.array([1, 2], np.float16), (1, 2)),
        ([False, True], (0, 1)),
        (np.array([5, 2**63 - 1], np.uint64), (5, 2**63 - 1)),
        (np.array([-(2**63), 2**63 - 1]), (-(2**63), 2**63 - 1)),
        (pd.Categorical(["x", "y"]), ("x", "y")),
        (pd.array([3, 4], dtype="Int64"), (3, 4)),
    ],
)
def test_labels_of_any_type_keep_their_names(y: Any, classes: tuple[Any, ...]) -> None:
    encoded = encode("classification", y)
    assert encoded.classes == classes
    decoded = problem_types["classification"]().decode(sure(encoded.y_train, 2), encoded.classes)
    assert tuple(decoded.tolist()) == classes


@pytest.mark.parametrize(("unit", "zero"), [(20, 1.7e9), (1e-40, 0), (1, 1e9), (1e35, 0)])
def test_targets_that_float32_would_lose_keep_their_digits(unit: float, zero: float) -> None:
    y = zero + unit * np.random.default_rng(0).random(60)
    encoded = encode("regression", y, y[:7])
    assert encoded.y_test is not None
    np.testing.assert_array_equal(encoded.y_train[:, 0], y)
    np.testing.assert_array_equal(encoded.y_test[:, 0], y[:7])
    assert encoded.y_std == pytest.approx((y.std(),))


def test_an_unknown_kind_names_the_nearest(refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "regresion"):
        problem_types["regresion"]
