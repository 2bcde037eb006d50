"""The residual networks as a method: they learn what is in series, pictures and fields."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus import fit
from isthmus.methods import methods
from isthmus.tasks import Task

WAVES = np.sin(2 * np.pi * np.arange(32) / np.array([[16.0], [8.0]]))


def noisy(clean: np.ndarray, seed: int) -> np.ndarray:
    return clean + 0.3 * np.random.default_rng(seed).normal(size=clean.shape)


def test_it_tells_waves_apart(tmp_path: Path) -> None:
    y = np.arange(32) % 2
    x = WAVES[y][:, None]
    task = Task.from_arrays(noisy(x, 0), y, noisy(x, 1), y, kind="classification", name="waves")
    method = {"name": "wrn", "width": 8}
    run = fit(task, method=method, out=tmp_path, epochs=2, epoch_steps=20)
    assert run.test_error == 0


def test_it_tells_stripes_apart(tmp_path: Path) -> None:
    y = np.arange(32) % 2
    rows = np.broadcast_to(WAVES[1, :16], (16, 16))
    x = np.where(y[:, None, None] == 0, rows, rows.T)[:, None]
    task = Task.from_arrays(noisy(x, 0), y, noisy(x, 1), y, kind="classification", name="stripes")
    method = {"name": "wrn", "depth": 10, "widen": 1}
    run = fit(task, method=method, out=tmp_path, epochs=2, epoch_steps=20)
    assert run.test_error == 0


def test_it_finds_where_a_series_is_high(tmp_path: Path) -> None:
    y = (np.random.default_rng(0).random((48, 8)) < 0.5).repeat(4, 1).astype(int)
    x = noisy(2.0 * y, 1)[:, None]
    task = Task.from_arrays(x[:32], y[:32], x[32:], y[32:], kind="segmentation", name="high")
    method = {"name": "wrn", "width": 8, "dropout": 0.1}
    run = fit(task, method=method, out=tmp_path, epochs=2, epoch_steps=30)
    assert run.test_error is not None
    assert run.test_error < 0.05  # half of them when guessing


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"widen": 0}, "method.widen"),
        ({"width": -1}, "method.width"),
        ({"dropout": 1.0}, "method.dropout"),
    ],
)
def test_an_option_out_of_range(options: dict[str, Any], key: str, refuses: Callable[..., Any]) -> None:
    with refuses("value", key):
        methods["wrn"](**options)
