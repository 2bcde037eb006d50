"""Losses and metric by hand: of all points and variables together, sample by sample."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.tasks import Output
from isthmus.tasks.losses import losses
from isthmus.tasks.metrics import metrics

Y = torch.tensor([[[3.0, 4.0, 0.0, 0.0]], [[6.0, 8.0, 0.0, 0.0]]])
OUTPUT = Y + torch.tensor([[[0.0, 1.0, 2.0, 2.0]], [[0.0, 0.0, 0.0, 1.0]]])
"""off by 3 of 5, and by 1 of 10"""


def test_by_hand() -> None:
    assert losses["nrmse"](OUTPUT, Y, (7.0,)).tolist() == pytest.approx([3 / 5, 1 / 10])
    assert losses["rmse"](OUTPUT, Y, (7.0,)).tolist() == pytest.approx([3 / 2, 1 / 2])
    metric = metrics["nrmse"](Output(1, (4,)))
    for i in range(2):
        metric.update(OUTPUT[i : i + 1], Y[i : i + 1])
    assert metric.compute().item() == pytest.approx((3 / 5 + 1 / 10) / 2)


@pytest.mark.parametrize("name", ["nrmse", "rmse"])
@given(seed=st.integers(0, 2**16), size=st.sampled_from([(5,), (3, 4)]), channels=st.integers(1, 3))
def test_as_written_in_the_paper(name: str, seed: int, size: tuple[int, ...], channels: int) -> None:
    rng = np.random.default_rng(seed)
    output, y = rng.normal(size=(2, 4, channels, *size))
    got = losses[name](torch.tensor(output), torch.tensor(y), (1.0,) * channels)
    for i in range(4):
        error = np.sqrt(np.mean((output[i] - y[i]) ** 2))
        assert got[i].item() == pytest.approx(error / (np.sqrt(np.mean(y[i] ** 2)) if name == "nrmse" else 1))


def test_the_metric_is_the_loss_over_the_split() -> None:
    rng = torch.Generator().manual_seed(0)
    output, y = torch.randn(2, 6, 1, 3, 4, generator=rng)
    metric = metrics["nrmse"](Output(1, (3, 4)))
    metric.update(output[:4], y[:4])
    metric.update(output[4:], y[4:])
    assert metric.compute().item() == pytest.approx(losses["nrmse"](output, y, (1.0,)).mean().item())


@pytest.mark.parametrize("name", ["nrmse", "rmse"])
def test_a_gradient_where_nothing_is_off_and_where_there_is_nothing(name: str) -> None:
    output = torch.zeros(2, 1, 4, requires_grad=True)
    y = torch.tensor([[[0.0] * 4], [[1.0] * 4]])
    (grad,) = torch.autograd.grad(losses[name](output, y, (1.0,)).sum(), output)
    assert grad.isfinite().all()
    assert not grad[0].any()
    assert (grad[1] < 0).all()
