"""Metrics against slow references; over a split, not the mean of its batches."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from torchmetrics import Metric

from isthmus.tasks.metrics import metrics

BATCHES = (1, 7, 2, 10)  # of different sizes: a mean of batch values would be wrong


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def randint(high: int, *shape: int) -> torch.Tensor:
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(1))


def slow_error(output: torch.Tensor, y: Any) -> float:
    return (output.argmax(1) != y).double().mean().item()


def slow_map(output: torch.Tensor, y: Any) -> float:
    return 1 - np.mean([average_precision_score(y[:, k], output[:, k]) for k in range(y.shape[1])])


def slow_rmse(output: torch.Tensor, y: Any) -> float:
    return (output - y).double().square().mean().sqrt().item()


def slow_nrmse(output: torch.Tensor, y: Any) -> float:
    ratios = [
        ((output[b, c] - y[b, c]).square().mean().sqrt() / y[b, c].square().mean().sqrt()).item()
        for b in range(len(y))
        for c in range(y.shape[1])
    ]
    return sum(ratios) / len(ratios)


def slow_f1(output: torch.Tensor, y: Any) -> float:
    return 1 - f1_score(y, output.argmax(1), average="macro")


def slow_auroc(output: torch.Tensor, y: Any) -> float:
    return 1 - np.mean([roc_auc_score(y[:, k], output[:, k]) for k in range(y.shape[1])])


def slow_relative_l2(output: torch.Tensor, y: Any) -> float:
    ratios = [
        ((o - t).square().sum().sqrt() / t.square().sum().sqrt()).item()
        for o, t in zip(output, y, strict=True)
    ]
    return sum(ratios) / len(ratios)


CASES = [
    pytest.param("error", randn(20, 3), randint(3, 20), slow_error, id="error"),
    pytest.param("error", randn(20, 3, 5), randint(3, 20, 5), slow_error, id="error-series"),
    pytest.param("error", randn(20, 3, 2, 4), randint(3, 20, 2, 4), slow_error, id="error-maps"),
    pytest.param("1-map", randn(20, 4), randint(2, 20, 4).float(), slow_map, id="1-map"),
    pytest.param("1-map", 30 + randn(20, 4), randint(2, 20, 4).float(), slow_map, id="1-map-large-logits"),
    pytest.param("1-f1", randn(20, 3), randint(3, 20), slow_f1, id="1-f1"),
    pytest.param("1-f1", randn(20, 5), randint(3, 20), slow_f1, id="1-f1-classes-that-do-not-occur"),
    pytest.param("1-auroc", randn(20, 4), randint(2, 20, 4).float(), slow_auroc, id="1-auroc"),
    pytest.param("1-auroc", 30 + randn(20, 1), randint(2, 20, 1).float(), slow_auroc, id="1-auroc-one-label"),
    pytest.param(
        "relative-l2", randn(20, 2, 3, 4), randn(20, 2, 3, 4, seed=1), slow_relative_l2, id="relative-l2"
    ),
    pytest.param("rmse", randn(20, 3), randn(20, 3, seed=1), slow_rmse, id="rmse"),
    pytest.param("nrmse", randn(20, 2, 5), 9 * randn(20, 2, 5, seed=1), slow_nrmse, id="nrmse-series"),
    pytest.param("nrmse", randn(20, 2, 3, 4), 9 * randn(20, 2, 3, 4, seed=1), slow_nrmse, id="nrmse-maps"),
]


def accumulated(name: str, output: torch.Tensor, y: Any, batches: tuple[int, ...]) -> Metric:
    metric = metrics[name](output.shape[1])
    for some_output, some_y in zip(output.split(batches), y.split(batches), strict=True):
        metric.update(some_output, some_y)
    return metric


@pytest.mark.parametrize(("name", "output", "y", "slow"), CASES)
def test_a_metric_accumulates_over_the_split(
    name: str, output: torch.Tensor, y: Any, slow: Callable[[Any, Any], float]
) -> None:
    assert accumulated(name, output, y, BATCHES).compute().item() == pytest.approx(slow(output, y), abs=1e-5)


@pytest.mark.parametrize(("name", "output", "y", "slow"), CASES)
def test_two_processes_merged_are_one(
    name: str, output: torch.Tensor, y: Any, slow: Callable[[Any, Any], float]
) -> None:
    half = accumulated(name, output[:6], y[:6], (6,))
    half.merge_state(accumulated(name, output[6:], y[6:], (14,)))
    assert half.compute().item() == pytest.approx(slow(output, y), abs=1e-5)


@pytest.mark.parametrize(("name", "output", "y", "slow"), CASES)
def test_a_metric_starts_afresh_after_reset(
    name: str, output: torch.Tensor, y: Any, slow: Callable[[Any, Any], float]
) -> None:
    metric = accumulated(name, output[:5], y[:5], (5,))
    metric.reset()
    metric.update(output[5:], y[5:])
    assert metric.compute().item() == pytest.approx(slow(output[5:], y[5:]), abs=1e-5)


def test_what_is_right_has_no_error() -> None:
    y = randint(3, 9)
    labels = torch.nn.functional.one_hot(y, 3).float()
    fields = randn(9, 3, 5)
    assert accumulated("error", labels, y, (9,)).compute() == 0
    assert accumulated("1-map", labels * 20 - 10, labels, (9,)).compute() == pytest.approx(0, abs=1e-6)
    assert accumulated("rmse", labels, labels, (9,)).compute() == 0
    assert accumulated("nrmse", fields, fields, (9,)).compute() == 0


def test_map_orders_logits_by_value_whatever_the_batch() -> None:
    """A batch whose logits all lie in [0, 1] is not taken for one of probabilities."""
    output = torch.tensor([[0.2], [0.9], [-3.0], [4.0]])
    y = torch.tensor([[1.0], [0], [0], [1]])
    assert accumulated("1-map", output, y, (2, 2)).compute().item() == pytest.approx(slow_map(output, y))


def test_a_field_of_zeros_has_no_relative_error_and_is_left_out() -> None:
    output, y = randn(4, 1, 5), randn(4, 1, 5, seed=1)
    y[2] = 0
    kept = [0, 1, 3]
    assert accumulated("nrmse", output, y, (4,)).compute().item() == pytest.approx(
        slow_nrmse(output[kept], y[kept]), rel=1e-5
    )


def test_a_label_that_is_always_or_never_there_has_no_area_and_is_left_out() -> None:
    output, y = randn(20, 4), randint(2, 20, 4).float()
    y[:, 1], y[:, 2] = 0, 1
    assert accumulated("1-auroc", output, y, (20,)).compute().item() == pytest.approx(
        slow_auroc(output[:, [0, 3]], y[:, [0, 3]]), abs=1e-6
    )
    assert accumulated("1-auroc", output[:, 1:3], y[:, 1:3], (20,)).compute().isnan()


def test_by_hand() -> None:
    """Two classes: F1 is 2/3 and 1/2; two labels: areas 3/4 and 1; two fields: 0.1 and 2 off."""
    classes = torch.eye(2)[[0, 0, 1, 0, 1]]
    f1 = accumulated("1-f1", classes, torch.tensor([0, 0, 0, 1, 1]), (2, 3))
    assert f1.compute().item() == pytest.approx(1 - (2 / 3 + 1 / 2) / 2)
    scores = torch.tensor([[0.1, 1.0], [0.4, 2.0], [0.35, 3.0], [0.8, 4.0]])
    areas = accumulated("1-auroc", scores, torch.tensor([[0.0, 0], [0, 0], [1, 1], [1, 1]]), (1, 3))
    assert areas.compute().item() == pytest.approx(1 - (3 / 4 + 1) / 2)
    fields = torch.tensor([[[3.0, 4.0]], [[6.0, 8.0]]])
    off = torch.tensor([[[3.3, 4.4]], [[18.0, 24.0]]])
    assert accumulated("relative-l2", off, fields, (1, 1)).compute().item() == pytest.approx((0.1 + 2) / 2)


# The published reading of metrics: the mean over blocks of a thousand.
BLOCK_GENERATOR = torch.Generator().manual_seed(0)
BLOCK_LOGITS = torch.randn(2300, 3, generator=BLOCK_GENERATOR)
BLOCK_CLASSES = torch.randint(0, 3, (2300,), generator=BLOCK_GENERATOR)
BLOCK_LABELS = (torch.rand(2300, 3, generator=BLOCK_GENERATOR) < 0.01).float()


def in_batches(name: str, y: Any, batch: int) -> Metric:
    metric = metrics[name](3)
    for output, target in zip(BLOCK_LOGITS.split(batch), y.split(batch), strict=True):
        metric.update(output, target)
    return metric


@pytest.mark.parametrize(
    ("name", "y", "slow"), [("1-f1", BLOCK_CLASSES, slow_f1), ("1-auroc", BLOCK_LABELS, slow_auroc)]
)
def test_the_reference_is_the_mean_over_blocks_and_the_metric_is_not(
    name: str, y: Any, slow: Callable[[Any, Any], float]
) -> None:
    blocks = [slow(o, t) for o, t in zip(BLOCK_LOGITS.split(1000), y.split(1000), strict=True)]
    metric = in_batches(f"{name}-reference", y, 100)
    assert metric.compute().item() == pytest.approx(sum(blocks) / 3, abs=1e-6)
    whole = in_batches(name, y, 100).compute().item()
    assert whole == pytest.approx(slow(BLOCK_LOGITS, y), abs=1e-6)
    assert abs(whole - sum(blocks) / 3) > 1e-4
    metric.reset()
    metric.update(BLOCK_LOGITS[:50], y[:50])
    metric.update(BLOCK_LOGITS[50:500], y[50:500])
    assert metric.compute().item() == pytest.approx(slow(BLOCK_LOGITS[:500], y[:500]), abs=1e-6)


def test_a_block_ends_with_the_batch_that_fills_it() -> None:
    blocks = [slow_f1(o, t) for o, t in zip(BLOCK_LOGITS.split(1100), BLOCK_CLASSES.split(1100), strict=True)]
    assert in_batches("1-f1-reference", BLOCK_CLASSES, 550).compute().item() == pytest.approx(
        sum(blocks) / 3, abs=1e-6
    )


def test_nothing_is_left_open_after_whole_blocks() -> None:
    metric = metrics["1-f1-reference"](3)
    metric.update(BLOCK_LOGITS[:1000], BLOCK_CLASSES[:1000])
    assert metric.compute().item() == pytest.approx(
        slow_f1(BLOCK_LOGITS[:1000], BLOCK_CLASSES[:1000]), abs=1e-6
    )


@given(power=st.integers(-25, 20), wide=st.booleans(), seed=st.integers(0, 99))
def test_errors_of_numbers_are_those_of_float64_in_any_unit(power: int, wide: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    output, y = (10.0**power * rng.normal(size=(7, 2, 5)) for _ in range(2))
    if not wide:
        output, y = output.astype(np.float32).astype(float), y.astype(np.float32).astype(float)
    off = output - y
    expected = {
        "rmse": np.sqrt(np.mean(off**2)),
        "nrmse": np.mean(np.sqrt((off**2).mean(2) / (y**2).mean(2))),
        "relative-l2": np.mean(np.sqrt((off**2).sum((1, 2)) / (y**2).sum((1, 2)))),
    }
    tensors = [torch.from_numpy(array) for array in (output, y)]
    for name, value in expected.items():
        out, target = (tensor if wide else tensor.float() for tensor in tensors)
        found = accumulated(name, out, target, (3, 4)).compute()
        assert found.dtype == torch.float64
        assert found.item() == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", ["nrmse", "relative-l2"])
def test_relative_errors_leave_out_targets_of_zero(name: str) -> None:
    y = torch.ones(3, 1, 4)
    y[1] = 0
    assert accumulated(name, y + 0.5, y, (3,)).compute().item() == pytest.approx(0.5)


def test_lower_is_better() -> None:
    for name in metrics:
        assert metrics[name](3).higher_is_better is False


def test_an_unknown_metric_names_the_nearest(refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "nrms"):
        metrics["nrms"]
