"""A task from the user's arrays, and validation data that is cut from its training data."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from isthmus.tasks import Output, Split, Task, split_validation


def series(n: Any = 8, channels: int = 2, length: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, channels, length)).astype(np.float32)


Y = [0, 1] * 4


def test_the_readmes_example() -> None:
    task = Task.from_arrays(series(), Y, series(4, seed=1), Y[:4], name="mine", about="two classes")
    assert (task.name, task.kind, task.about) == ("mine", "classification", "two classes")
    assert (task.input_shape, task.output, task.n_classes) == ((2, 5), Output(2), 2)
    assert (task.metric, task.loss, task.stratified) == ("error", "cross-entropy", True)
    assert task.shape == "[2, 5] -> [2], 8 train, 4 test"
    assert repr(task.train) == "Split(x=[8, 2, 5], y=[8])"
    np.testing.assert_array_equal(task.test.x, series(4, seed=1))
    assert task.test.y.tolist() == Y[:4]


def test_test_data_may_be_missing() -> None:
    task = Task.from_arrays(series(), Y)
    assert task.test is None
    assert task.shape == "[2, 5] -> [2], 8 train"


@pytest.mark.parametrize(
    ("kind", "y", "output"),
    [
        ("classification", np.array(["b", "a"] * 4), Output(2)),
        ("multilabel", np.eye(8, 3), Output(3)),
        ("regression", np.arange(8.0), Output(1)),
        ("regression", series(8, 3, 6), Output(3, (6,))),
        ("segmentation", np.arange(40).reshape(8, 5) % 4, Output(4, (5,))),
    ],
)
def test_every_kind_goes_from_arrays_to_loss_metric_and_predictions(
    kind: str, y: np.ndarray, output: Output
) -> None:
    task = Task.from_arrays(series(), y, series(3), y[:3], kind=kind)
    assert task.output == output
    out = torch.randn(8, output.channels, *output.size, generator=torch.Generator().manual_seed(0))
    out.requires_grad_()
    target = torch.from_numpy(task.train.y)
    losses = task.sample_losses(out, target)
    assert losses.shape == (8,)
    losses.sum().backward()
    assert out.grad.abs().sum() > 0
    metric = task.new_metric()
    metric.update(out.detach(), target)
    assert 0 < metric.compute() < 10
    assert task.decode(out).shape == y.shape
    assert task.decode(out).dtype.kind == (
        "f" if kind == "regression" else y.dtype.kind if y.dtype.kind == "U" else "i"
    )


def test_the_loss_of_the_mean_prediction_is_one_whatever_the_unit() -> None:
    y = 1e4 * series(64, 2, 3) + 7e4
    task = Task.from_arrays(series(64), y, kind="regression")
    mean = torch.tensor(task.y_mean).view(1, 2, 1).expand(64, 2, 3)
    assert task.sample_losses(mean, torch.from_numpy(task.train.y)).mean().item() == pytest.approx(
        1, rel=1e-4
    )


def test_half_precision_outputs_have_float_losses() -> None:
    task = Task.from_arrays(series(), Y)
    assert task.sample_losses(torch.zeros(8, 2, dtype=torch.bfloat16), torch.tensor(Y)).dtype == torch.float32


def test_variable_lengths_are_those_of_the_longest_training_series() -> None:
    x = [np.zeros(n) for n in (4, 9, 6)]
    task = Task.from_arrays(x, [0, 1, 0], [np.zeros(20), np.zeros(3)], [1, 0])
    assert task.input_shape == (1, 9)
    assert task.test.x.shape == (2, 1, 9)


def test_loss_and_metric_can_be_chosen_by_name() -> None:
    task = Task.from_arrays(series(), np.arange(8.0), kind="regression", metric="nrmse")
    assert (task.metric, task.loss) == ("nrmse", "mse")
    assert type(task.new_metric()).__name__ == "NormalizedRMSE"


def nan_at(*place: int) -> np.ndarray:
    x = series()
    x[place] = np.nan
    return x


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "key"),
    [
        ((nan_at(1, 0, 2), Y), {}, "value", "x_train"),
        ((series(), Y, nan_at(7, 1, 4), Y), {}, "value", "x_test"),
        ((series(), Y[:5]), {}, "conflict", "y_train"),
        ((series(), 3), {}, "conflict", "y_train"),
        ((series(), Y, series(3), Y), {}, "conflict", "y_test"),
        ((series(), Y, series(8, 3), Y), {}, "value", "x_test"),
        ((series(), Y, series(8, 2, 6), Y), {}, "value", "x_test"),
        ((series(), Y, np.zeros((8, 2, 5, 5)), Y), {}, "value", "x_test"),
        ((series(), Y, series()), {}, "missing", "y_test"),
        ((series(), Y, None, Y), {}, "missing", "x_test"),
        ((series(0), []), {}, "value", "x_train"),
        ((series(), Y, series(0), []), {}, "value", "x_test"),
        ((series(), [1] * 8), {}, "value", "y_train"),
        ((series(), Y, series(1), [2]), {}, "value", "y_test"),
        ((series(), Y), {"kind": "clasification"}, "unknown", "clasification"),
        ((series(), Y), {"metric": "eror"}, "unknown", "eror"),
        ((series(), Y), {"loss": "msee"}, "unknown", "msee"),
        ((series(), np.eye(8).reshape(8, 2, 4)), {"kind": "segmentation"}, "conflict", "y_train"),
    ],
)
def test_bad_data_is_refused_in_one_line(
    arguments: tuple[Any, ...], options: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses(kind, key):
        Task.from_arrays(*arguments, **options)


def test_the_fingerprint_is_of_the_data() -> None:
    def fingerprint(x: Any = None, y: Any = Y, x_test: Any = None, **options: Any) -> str:
        x = series() if x is None else x
        x_test = series(2) if x_test is None else x_test
        return Task.from_arrays(x, y, x_test, Y[:2], **options).fingerprint()

    same = fingerprint()
    changed, changed_test = series(), series(2)
    changed[7, 1, 4] += 1
    changed_test[1, 1, 4] += 1
    assert len(same) == 64
    assert same == fingerprint(name="another name") == fingerprint(torch.from_numpy(series()))
    others = {fingerprint(changed), fingerprint(y=Y[::-1]), fingerprint(x_test=changed_test)}
    assert len(others | {same}) == 4


def test_a_published_validation_split_is_part_of_the_data() -> None:
    task = Task.from_arrays(series(), Y, series(2), Y[:2])
    assert (task.validation, task.augment, task.reference) == (None, None, None)
    published = replace(task, validation=Split(series(2), np.array(Y[:2])))
    other = replace(task, validation=Split(series(2) + 1, np.array(Y[:2])))
    assert len({t.fingerprint() for t in (task, published, other)}) == 3


def test_a_reference_metric_is_one_that_is_known(refuses: Callable[..., Any]) -> None:
    task = Task.from_arrays(series(), Y)
    assert replace(task, reference="1-f1-reference").reference == "1-f1-reference"
    with refuses("unknown", "1-f1-referense"):
        replace(task, reference="1-f1-referense")


class Lazy:
    """Stands for an array that is read in parts: the doubled row numbers, as [N, 1, 1]."""

    shape, dtype = (3000, 1, 1), np.dtype(np.float32)

    def __getitem__(self, indices: Any) -> Any:
        assert len(indices) <= 1024
        return (2 * indices).astype(self.dtype).reshape(-1, 1, 1)


def test_data_may_be_read_in_parts() -> None:
    def task(x: Any) -> Task:
        return Task(
            name="lazy",
            kind="classification",
            train=Split(x, np.arange(3000) % 2),
            test=None,
            output=Output(2),
            classes=(0, 1),
            y_mean=(0.0, 0.0),
            y_std=(1.0, 1.0),
            metric="error",
            loss="cross-entropy",
        )

    whole = np.arange(0, 6000, 2, dtype=np.float32).reshape(-1, 1, 1)
    assert task(Lazy()).fingerprint() == task(whole).fingerprint()
    np.testing.assert_array_equal(task(Lazy()).train.take(np.array([5, 2])).x, whole[[5, 2]])


fractions = st.floats(0.01, 0.95)
seeds = st.integers(0, 1000)


def numbered(y: Any) -> Split:
    """A split whose x says the number of each sample."""
    return Split(np.arange(len(y), dtype=np.float32).reshape(-1, 1, 1), np.asarray(y))


def numbers(split: Split) -> list[int]:
    return split.x.ravel().astype(int).tolist()


@given(y=st.lists(st.integers(0, 4), min_size=2, max_size=60), fraction=fractions, seed=seeds)
def test_any_cut_is_a_partition_in_order(y: Any, fraction: float, seed: int) -> None:
    split = numbered(y)
    train, validation = split_validation(split, fraction, seed, stratify=False)
    assert sorted(numbers(train) + numbers(validation)) == list(range(len(y)))
    assert numbers(train) == sorted(numbers(train))
    assert numbers(validation) == sorted(numbers(validation))
    np.testing.assert_array_equal(train.y, split.y[numbers(train)])
    np.testing.assert_array_equal(validation.y, split.y[numbers(validation)])
    assert len(validation) == min(max(1, round(fraction * len(y))), len(y) - 1)


@given(sizes=st.lists(st.integers(0, 20), min_size=2, max_size=6), fraction=fractions, seed=seeds)
def test_a_stratified_cut_keeps_the_shares_and_one_training_sample_of_each_class(
    sizes: list[int], fraction: float, seed: int
) -> None:
    assume(max(sizes) > 1)
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    train, validation = split_validation(numbered(y), fraction, seed, stratify=True)
    assert sorted(numbers(train) + numbers(validation)) == list(range(len(y)))
    assert len(validation) >= 1
    for group, size in enumerate(sizes):
        assert size == 0 or (train.y == group).sum() >= 1
        assert abs((validation.y == group).sum() - fraction * size) <= 1 + 1e-9


def test_the_seed_makes_the_cut() -> None:
    split = numbered([0, 1] * 50)
    cuts = [numbers(split_validation(split, 0.2, seed, stratify=True)[1]) for seed in (1, 1, 2)]
    assert cuts[0] == cuts[1] != cuts[2]


def test_every_sample_is_cut_by_some_seed() -> None:
    split = numbered([0] * 6 + [1] * 6)
    seen = {n for seed in range(40) for n in numbers(split_validation(split, 0.34, seed, stratify=True)[1])}
    assert seen == set(range(12))


def test_fields_are_cut_without_strata() -> None:
    split = Split(np.zeros((10, 1, 4)), np.arange(40.0).reshape(10, 1, 4))
    train, validation = split_validation(split, 0.3, 0, stratify=False)
    assert (train.y.shape, validation.y.shape) == ((7, 1, 4), (3, 1, 4))


def test_fraction_zero_cuts_nothing() -> None:
    split = numbered([0, 1])
    assert split_validation(split, 0, 0, stratify=True) == (split, None)


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan")])
def test_a_fraction_outside_zero_to_one_is_refused(fraction: float, refuses: Callable[..., Any]) -> None:
    with refuses("value", "validation"):
        split_validation(numbered([0, 1]), fraction, 0, stratify=True)


def test_classes_of_one_sample_cannot_be_cut(refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "validation"):
        split_validation(numbered([0, 1, 2]), 0.5, 0, stratify=True)
    with refuses("conflict", "validation"):
        split_validation(numbered([0]), 0.5, 0, stratify=False)
