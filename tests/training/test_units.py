"""The unit and the zero of the data change no error: what is learnt is learnt of what varies."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus import fit
from isthmus.tasks import Task
from isthmus.training.run_folder import Run

UNITS = [(1e-100, 0.0), (1e-21, 0.0), (1e-9, 0.0), (1e9, 0.0), (1.0, 1e6), (1e-9, 1e-3), (1e20, -1e26)]
"""Unit, and what is added; at most 1e6 units"""

METHODS: list[tuple[str, dict[str, Any]]] = [
    ("wrn", {"method": {"name": "wrn", "depth": 10, "widen": 1, "width": 4}}),
    ("perceiver", {"method": {"name": "perceiver", "latents": 2, "width": 8, "blocks": 1}}),
    ("xgboost", {"method": {"name": "xgboost", "rounds": 2}}),
    ("nft", {}),
    ("pare", {"source": "tiny-pictures"}),
    ("orca", {"source": "tiny-pictures", "method": {"name": "orca", "align_epochs": 1, "source_samples": 8}}),
    ("probe", {}),
    ("jitter", {"method": "nft", "augment": "jitter"}),
    ("by position", {"method": "nft", "scale": "position"}),
    ("rocket", {"method": {"name": "rocket", "kernels": 20}}),
    ("hydra", {"method": {"name": "hydra", "kernels": 2, "groups": 2}}),
]
ONE_SHOT = ("xgboost", "probe", "rocket", "hydra")
CLASSIFIERS = ("rocket", "hydra")


def trained(name: str, settings: dict[str, Any], task: Task, backbone: str, out: Path) -> Run:
    asked: dict[str, Any] = {"method": name} | settings
    if name not in ONE_SHOT:
        asked |= {"epochs": 1, "epoch_steps": 2, "batch_size": 4}
    if name not in ("wrn", "perceiver", "xgboost", *CLASSIFIERS):
        asked |= {"backbone": backbone, "probe_samples": 30}
    return fit(task, out=out, **asked)


def in_unit(unit: float, offset: float, kind: str) -> tuple[Task, np.ndarray]:
    """A task in a unit, and new samples for it. One channel is constant, one is larger than the other two."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3, 20)) * np.array([1, 100, 0])[:, None] + np.array([0, 0, 2])[:, None]
    label = np.arange(30) % 2
    x[label == 1, 0] += 1
    y = np.stack([x[:, 0].mean(1), x[:, 1].mean(1) / 100], 1)
    x = x * unit + offset
    targets = label if kind == "classification" else y * unit + offset
    return Task.from_arrays(x[:20], targets[:20], x[20:], targets[20:], kind=kind), x[:5]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "settings"), METHODS, ids=[name for name, _ in METHODS])
def test_errors_and_predictions_are_those_of_any_unit(
    name: str, settings: dict[str, Any], backbones: dict[str, str], tmp_path: Path
) -> None:
    kind = "classification" if name in CLASSIFIERS else "regression"

    def results(unit: float, offset: float) -> tuple[float, np.ndarray]:
        task, new = in_unit(unit, offset, kind)
        run = trained(name, settings, task, backbones["vit"], tmp_path / f"{unit} {offset}")
        assert run.test_error is not None
        if kind == "classification":
            return run.test_error, run.predict_proba(new)
        return run.test_error / unit, (run.predict(new) - offset) / unit

    error, predicted = results(1, 0)
    assert error > 0 or kind == "classification"
    for unit, offset in UNITS:
        found, values = results(unit, offset)
        assert found == pytest.approx(error, rel=1e-3), (unit, offset)
        np.testing.assert_allclose(values, predicted, atol=2e-3, err_msg=f"{unit} {offset}")


@pytest.mark.parametrize(("scale", "key"), [(1e-170, "x_train"), (1e170, "x_train")])
def test_a_unit_whose_squares_float64_does_not_hold_is_refused(scale: float, key: str, refuses: Any) -> None:
    with refuses("value", key):
        in_unit(scale, 0, "regression")
