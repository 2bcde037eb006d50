"""No weight depends on validation or test data: replaced, permuted or removed, it leaves every bit as it is.

Where a method chooses by validation data, as its description says, it is left no choice here: `xgboost`
keeps one round and `dash` tunes nothing.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus import fit
from isthmus.config import complete_options, make_config
from isthmus.config.resolve import ResolvedRun, resolve
from isthmus.errors import InputError
from isthmus.methods import NamedByTask, methods
from isthmus.tasks import Split, Task
from isthmus.training.fit import build
from isthmus.training.run_folder import MODEL

SHAPES = {"series": (2, 20), "picture": (2, 16, 16)}
KINDS = ("classification", "multilabel", "number", "field", "segmentation")
SMALL: dict[str, dict[str, Any]] = {
    "darts": {"cells": 1, "width": 2, "search_cells": 3, "search_width": 4, "search_steps": 1},
    "dash": {"width": 2, "search_steps": 1, "tune_steps": 0},
    "deepcon": {"blocks": 1, "width": 4},
    "deepcr": {"levels": 1, "width": 4},
    "densenas": {"widths": ((2,), (4,)), "layers": (1, 1), "search_steps": 1},
    "densenet": {"depth": 10, "growth": 2},
    "ecg-resnet": {"blocks": 2, "width": 8, "groups": 2},
    "fno": {"modes": 2, "width": 4},
    "hydra": {"kernels": 2, "groups": 2},
    "mona": {"meta_steps": 1, "samples": 4, "source_samples": 8},
    "orca": {"align_epochs": 1, "source_samples": 8},
    "perceiver": {"latents": 2, "width": 8, "blocks": 1},
    "recraft": {"predictor_steps": 2, "align_epochs": 1, "distortion_epochs": 1, "source_samples": 8},
    "rocket": {"kernels": 10},
    "s2cnn": {"bands": [4, 2], "features": [2, 2]},
    "unet": {"width": 4},
    "wrn": {"depth": 10, "widen": 1, "width": 4},
    "xgboost": {"rounds": 1, "depth": 2},
}
METHODS = sorted(
    name for name, kind in methods.items() if not issubclass(kind, NamedByTask) and name != "pinn"
)
"""All but `expert`, which stands for another, and `pinn`, which learns from no data."""


def data(kind: str, shape: tuple[int, ...], n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise around a level of each class, and a target that shows in it."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 3
    x = rng.normal(size=(n, *shape)) + label.reshape(-1, *[1] * len(shape))
    y = {
        "classification": lambda: label,
        "multilabel": lambda: np.stack([label == 0, label > 0], 1).astype(int),
        "number": lambda: label + rng.normal(size=n),
        "field": lambda: x[:, :1] * 3,
        "segmentation": lambda: (x[:, 0] > 1).astype(int),
    }[kind]()
    return x, y


def task_of(kind: str, shape: tuple[int, ...]) -> Task:
    (x, y), test = data(kind, shape, 15, 0), data(kind, shape, 4, 1)
    return Task.from_arrays(x, y, *test, kind=KIND.get(kind, kind), name="tiny")


KIND = {"number": "regression", "field": "regression"}


def foreign(split: Split, kind: str) -> Split:
    """Other samples with the same classes, or other numbers: far from those that they replace."""
    y = -50 - 3 * split.y if KIND.get(kind) else split.y if kind == "classification" else split.y[::-1]
    return Split(1000 - 7 * split.x, np.ascontiguousarray(y))


def with_other_validation(task: Task, kind: str, numbers: np.ndarray) -> Task:
    """The task with other data where validation data is cut, and other test data."""
    x, y = task.train.x.copy(), task.train.y.copy()
    other = foreign(task.train.take(numbers), kind)
    x[numbers], y[numbers] = other.x, other.y
    assert task.test is not None
    test = foreign(task.test, kind)
    return Task.from_arrays(x, y, test.x, test.y, kind=task.kind, name=task.name)


def settings_of(name: str, backbones: dict[str, str]) -> dict[str, Any]:
    method = complete_options("method", {"name": name, **SMALL.get(name, {})}, methods[name])
    used = methods[name].settings
    asked = {
        "backbone": backbones["vit"],
        "source": "tiny-pictures",
        "epochs": 1,
        "epoch_steps": 1,
        "batch_size": 4,
        "checkpoint": "last",
        "validation": 0.3,
        "probe_samples": 0 if name != "probe" else 100,
        "embedder": "patch",
        "scale": "channel",
        "augment": "none",
    }
    return {"method": method, **{key: value for key, value in asked.items() if key in used}}


def weights(folder: Path) -> dict[str, bytes]:
    """Content of every file of weights."""
    files = sorted((folder / MODEL).rglob("*.safetensors"))
    assert files
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def tasks() -> dict[tuple[str, str], Task]:
    return {(kind, name): task_of(kind, shape) for kind in KINDS for name, shape in SHAPES.items()}


def trained(task: Task, settings: dict[str, Any], out: Path) -> dict[str, bytes]:
    return weights(fit(task, out=out, **settings).folder)


def takes(settings: dict[str, Any], task: Task) -> ResolvedRun | None:
    """The resolved run of a method, or None if it does not take the task."""
    try:
        run = resolve(make_config({"task": task.name, **settings}), task)
        build(run)
    except InputError as error:
        if error.kind == "dependency":
            pytest.skip(str(error))
        if error.kind != "conflict":
            raise
        return None
    return run


def check(settings: dict[str, Any], run: ResolvedRun, task: Task, kind: str, out: Path) -> None:
    """Train with the data as it is, with other validation and test data, and with less of either."""
    expected = trained(task, settings, out / "expected")
    assert run.validation is not None
    other = with_other_validation(task, kind, run.validation.numbers)
    assert trained(other, settings, out / "replaced") == expected, kind
    fewer = run.validation.take(np.arange(len(run.validation))[::-2])
    assert trained(replace(run.task, validation=fewer, test=None), settings, out / "fewer") == expected, kind


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_a_method_learns_nothing_from_validation_or_test_data(
    name: str, backbones: dict[str, str], tasks: dict[tuple[str, str], Task], tmp_path: Path
) -> None:
    settings, taken = settings_of(name, backbones), []
    for kind in KINDS:
        for shape in SHAPES:
            run = takes(settings, tasks[kind, shape])
            if run is not None and kind not in taken:
                taken.append(kind)
                check(settings, run, tasks[kind, shape], kind, tmp_path / kind)
    assert taken


CHOICES = [
    {"embedder": "auto", "scale": "auto", "augment": "auto", "probe_samples": 100},
    {"readout": "stages", "predictor_start": "probe", "probe_samples": 100, "scale": "position"},
]


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES)
def test_what_is_chosen_or_fitted_before_training_sees_neither(
    choice: dict[str, Any], backbones: dict[str, str], tasks: dict[tuple[str, str], Task], tmp_path: Path
) -> None:
    settings = settings_of("nft", backbones) | choice
    run = resolve(make_config({"task": "tiny", **settings}), tasks["number", "series"])
    check(settings, run, tasks["number", "series"], "number", tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_the_cut_leaves_the_training_part_and_its_scale_as_they_are(
    kind: str, backbones: dict[str, str], tasks: dict[tuple[str, str], Task]
) -> None:
    settings, task = settings_of("nft", backbones), tasks[kind, "series"]
    run = takes(settings, task)
    assert run is not None
    assert run.validation is not None
    other = takes(settings, with_other_validation(task, kind, run.validation.numbers))
    assert other is not None
    assert other.validation is not None
    assert not np.array_equal(other.validation.x, run.validation.x)
    np.testing.assert_array_equal(other.train.x, run.train.x)
    np.testing.assert_array_equal(other.train.y, run.train.y)
    assert (other.task.y_mean, other.task.y_std) == (run.task.y_mean, run.task.y_std)
