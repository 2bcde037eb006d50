"""Boosted trees: outputs are XGBoost's own, whatever the kind, and come back bitwise from the folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xgboost
from safetensors.torch import load_file, save_file
from torch import nn

from isthmus import fit
from isthmus.methods.specialists import SpecialistNet
from isthmus.methods.specialists.xgboost import MAX_OUTPUTS, OBJECTIVES, Trees
from isthmus.tasks import Task, problem_types

RNG = np.random.default_rng(0)
X = RNG.normal(20, 5, (120, 2, 6)).astype(np.float32)
STEPS = np.stack([X[:, 0, 0] > 20, X[:, 1, 3] > 18], 1)
TARGETS = {
    "classification": STEPS.sum(1),
    "two classes": STEPS[:, 0],
    "multilabel": STEPS.astype(int),
    "regression": 100 + 9 * STEPS.astype(np.float32),
    "field": (100 + 9 * STEPS[:, :1, None] + 4 * STEPS[:, 1:, None] * np.arange(5)).astype(np.float32),
}
KINDS = {"two classes": "classification", "field": "regression"}
METHOD = {"name": "xgboost", "rounds": 8}


def inputs_of(task: Task) -> np.ndarray:
    """Return the test inputs of a task."""
    assert task.test is not None
    return task.test.x


def trees_of(net: nn.Module) -> Trees:
    """Return the trees of a network."""
    body = net.body
    assert isinstance(body, Trees)
    return body


def make_task(name: str) -> Task:
    y, kind = TARGETS[name], KINDS.get(name, name)
    return Task.from_arrays(X[:80], y[:80], X[80:], y[80:], kind=kind, name=name.replace(" ", "-"))


@pytest.mark.parametrize("name", TARGETS)
def test_it_learns_and_loads_to_the_very_same_outputs(name: str, tmp_path: Path) -> None:
    task = make_task(name)
    run = fit(task, method=METHOD, out=tmp_path / "run")
    scale = np.std(TARGETS[name]) if task.kind == "regression" and not task.output.size else 1
    assert run.test_error is not None
    assert run.test_error < 0.35 * scale
    x = torch.from_numpy(inputs_of(task))
    first, again = (
        SpecialistNet.from_pretrained(run.folder / "model"),
        SpecialistNet.from_pretrained(run.folder / "model"),
    )
    assert first(x).shape == (40, task.output.channels, *task.output.size)
    assert torch.equal(first(x), again(x))
    assert torch.equal(first(x), run.outputs(inputs_of(task)))
    assert trees_of(first).values.numel() == run.result["parameters"] > 0


@pytest.mark.parametrize("name", ["classification", "two classes", "multilabel"])
def test_probabilities_are_those_of_the_library(name: str, tmp_path: Path) -> None:
    task = make_task(name)
    run = fit(task, method=METHOD, validation=0, out=tmp_path / "run")
    flat = run.net.standardise(torch.from_numpy(task.train.x)).flatten(1).numpy()
    settings = {"objective": OBJECTIVES[task.kind], "max_bin": 64, "nthread": 1}
    if task.kind == "classification":
        settings["num_class"] = task.n_classes
    booster = xgboost.train(settings, xgboost.QuantileDMatrix(flat, task.train.y, max_bin=64), 8)
    expected = booster.predict(xgboost.DMatrix(flat))
    np.testing.assert_allclose(run.predict_proba(task.train.x), expected, atol=1e-6)


def test_a_field_comes_back_in_its_own_place_and_units(tmp_path: Path) -> None:
    task = make_task("field")
    run = fit(task, method=METHOD | {"rounds": 60}, validation=0, out=tmp_path / "run")
    np.testing.assert_allclose(run.predict(task.train.x), task.train.y, atol=0.2)


def test_rounds_end_with_the_best_on_validation_data(tmp_path: Path) -> None:
    y = np.where(RNG.random(120) < 0.3, ~STEPS[:, 0], STEPS[:, 0])  # Noise is soon overfitted.
    task = Task.from_arrays(X, y, name="noisy")
    method = METHOD | {"rounds": 200, "patience": 5}
    stopped = trees_of(fit(task, method=method, out=tmp_path / "stopped").net).booster
    complete = trees_of(fit(task, method=method, validation=0, out=tmp_path / "complete").net).booster
    assert stopped.num_boosted_rounds() < 50
    assert complete.num_boosted_rounds() == 200


def test_the_values_are_those_of_the_nodes(tmp_path: Path) -> None:
    body = trees_of(fit(make_task("regression"), method=METHOD, out=tmp_path / "run").net)
    nodes = sum(dump.count("\n") for dump in body.booster.get_dump())
    assert body.values.numel() == nodes


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    task, outputs = make_task("classification"), []
    threads = torch.get_num_threads()
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            run = fit(task, method=METHOD | {"subsample": 0.7}, out=tmp_path / str(number))
            outputs.append(run.outputs(inputs_of(task)))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*outputs)


def test_a_net_that_has_not_learnt_says_nothing_and_can_be_saved(tmp_path: Path) -> None:
    from isthmus.config import make_config
    from isthmus.config.resolve import resolve
    from isthmus.training.fit import build

    task = make_task("field")
    run = resolve(make_config({"task": "field", "method": "xgboost"}), task)
    net, _ = build(run)
    net.save_pretrained(tmp_path / "net")
    x = torch.from_numpy(inputs_of(task))
    assert torch.equal(
        SpecialistNet.from_pretrained(tmp_path / "net")(x),
        torch.tensor(run.task.y_mean).view(1, 1, 1).expand(40, 1, 5),
    )


def test_damaged_trees_are_said_in_one_line(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    run = fit(make_task("regression"), method=METHOD, out=tmp_path / "run")
    path = run.folder / "model" / "net.safetensors"
    weights = load_file(path)
    save_file(weights | {"body._extra_state": weights["body._extra_state"][:-20].clone()}, path)
    with refuses("file", tmp_path / "run" / "model"):
        SpecialistNet.from_pretrained(run.folder / "model")


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ({"rounds": 0}, "method.rounds"),
        ({"bins": 1}, "method.bins"),
        ({"rate": 0.0}, "method.rate"),
        ({"subsample": 1.5}, "method.subsample"),
    ],
)
def test_options_that_are_none(
    option: dict[str, Any], key: str, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    with refuses("value", key):
        fit(make_task("regression"), method=METHOD | option, out=tmp_path / "run")


def test_what_it_does_not_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    field = np.zeros((4, 1, MAX_OUTPUTS + 1), np.float32)
    field[0] = 1
    large = Task.from_arrays(X[:4], field, kind="regression")
    mask = Task.from_arrays(X[:4], np.arange(24).reshape(4, 6) % 2, kind="segmentation")
    for task in (large, mask):
        with refuses("conflict", "method"):
            fit(task, method="xgboost", out=tmp_path / "run")
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    with refuses("dependency", "xgboost"):
        fit(make_task("regression"), method="xgboost", out=tmp_path / "run")


def test_every_kind_but_masks_has_an_objective() -> None:
    assert set(problem_types) - set(OBJECTIVES) == {"segmentation"}
