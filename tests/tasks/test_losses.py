"""Losses against sums written out, one sample at a time."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.tasks.losses import losses

SIZES = [(), (5,), (3, 4)]


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", SIZES)
def test_cross_entropy_is_the_mean_over_positions(size: tuple[int, ...]) -> None:
    output = randn(2, 3, *size)
    y = torch.randint(0, 3, (2, *size), generator=torch.Generator().manual_seed(1))
    loss = losses["cross-entropy"](output, y, (1.0,) * 3)
    for b in range(2):
        logits, labels = output[b].reshape(3, -1).T.tolist(), y[b].reshape(-1).tolist()
        terms = [
            math.log(sum(math.exp(v) for v in row)) - row[k] for row, k in zip(logits, labels, strict=True)
        ]
        assert loss[b].item() == pytest.approx(sum(terms) / len(terms), rel=1e-5)


def test_bce_is_the_mean_over_labels() -> None:
    output, y = randn(2, 3), torch.tensor([[0.0, 1, 1], [1, 0, 0]])
    loss = losses["bce"](output, y, (1.0,) * 3)
    for b in range(2):
        terms = [
            math.log1p(math.exp(-v if t else v))
            for v, t in zip(output[b].tolist(), y[b].tolist(), strict=True)
        ]
        assert loss[b].item() == pytest.approx(sum(terms) / 3, rel=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_mse_is_the_mean_over_everything_in_units_of_the_scale(size: tuple[int, ...]) -> None:
    output, y, scale = randn(3, 2, *size), randn(3, 2, *size, seed=1), (0.5, 4.0)
    loss = losses["mse"](output, y, scale)
    for b in range(3):
        terms = [
            ((p - t) / s) ** 2
            for c, s in enumerate(scale)
            for p, t in zip(output[b, c].reshape(-1).tolist(), y[b, c].reshape(-1).tolist(), strict=True)
        ]
        assert loss[b].item() == pytest.approx(sum(terms) / len(terms), rel=1e-5)


@given(unit=st.floats(1e-6, 1e6))
def test_mse_does_not_depend_on_the_unit(unit: float) -> None:
    output, y = randn(3, 2, 4), randn(3, 2, 4, seed=1)
    changed = losses["mse"](output * unit, y * unit, (2 * unit, 3 * unit))
    torch.testing.assert_close(changed, losses["mse"](output, y, (2.0, 3.0)), rtol=1e-4, atol=0)


def test_an_unknown_loss_names_the_nearest(refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "crossentropy"):
        losses["crossentropy"]
