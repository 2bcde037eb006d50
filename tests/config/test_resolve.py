"""A run is resolved before its first weight is loaded, with the settings that its method declares."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import yaml

from isthmus import fit
from isthmus.backbones.loading import describe_backbone
from isthmus.bench.grid import make_grid
from isthmus.bench.jobs import jobs
from isthmus.config import make_config, write_config
from isthmus.config.resolve import ALWAYS_USED, ResolvedRun, complete_settings, resolve
from isthmus.config.schema import SETTINGS, RunConfig
from isthmus.errors import InputError
from isthmus.methods import IterativeMethod, NamedByTask, OneShotMethod, methods
from isthmus.methods.cross_modal import CrossModalMethod, OnBackbone
from isthmus.methods.optimization import make_optimizer
from isthmus.store.lazy_array import LazyArray
from isthmus.tasks import Split, Task
from isthmus.training.fit import build

NAMES = sorted(methods)
VALUES: dict[str, Any] = {
    "backbone": "vit",
    "embedder": "picture",
    "image_size": 64,
    "scale": "position",
    "readout": "stages",
    "predictor_start": "new",
    "probe_samples": 5,
    "source_labels": "own",
    "source": "procedural",
    "dropout": False,
    "freeze": ["query"],
    "gradient_checkpointing": True,
    "batch_size": 2,
    "augment": "jitter",
    "validation": 0.5,
    "class_weights": "balanced",
    "sampling": "balanced",
    "epochs": 3,
    "epoch_steps": 2,
    "gradient_accumulation_steps": 2,
    "optimizer": "sgd",
    "betas": [0.8, 0.9],
    "momentum": 0.5,
    "nesterov": True,
    "lr": 0.5,
    "lr_scale": {"body": 0.5},
    "weight_decay": 0.5,
    "decay_on": "all",
    "warmup_ratio": 0.5,
    "schedule": "constant",
    "max_grad_norm": 0.5,
    "patience": 3,
    "precision": "32",
    "devices": 2,
    "nodes": 2,
    "compile": "none",
    "checkpoint": "best",
    "logger": "none",
}
"""A value for each setting that a method may not use"""
CHOSEN = {"embedder": "patch", "scale": "channel", "augment": "none"}
"""Settings that are else chosen by cross-validation"""


def tiny(expert: str | None = None) -> Task:
    """Make a task of noise around a level of its own for each of two classes."""
    label = np.arange(30) % 2
    x = np.random.default_rng(0).normal(size=(30, 1, 32)) + label[:, None, None]
    task = Task.from_arrays(x[:20], label[:20], x[20:], label[20:], name="tiny")
    object.__setattr__(task, "expert", expert)
    return task


def resolved(task: Task | None = None, **settings: Any) -> ResolvedRun:
    """Resolve a run on a tiny task."""
    return resolve(make_config({"task": "tiny", **settings}), tiny() if task is None else task)


@pytest.fixture
def nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test in which a backbone is described or loaded, or a task's data is hashed."""

    def load(*_: object) -> NoReturn:
        raise AssertionError("something was loaded")

    monkeypatch.setattr("isthmus.config.resolve.describe_backbone", load)
    monkeypatch.setattr("isthmus.backbones.load_backbone", load)
    monkeypatch.setattr(Task, "fingerprint", load)


def test_there_is_a_value_for_each_setting() -> None:
    """Else a setting could be left out of the tests below."""
    assert VALUES.keys() == SETTINGS.keys() - ALWAYS_USED
    given = make_config({"task": "x", **VALUES}).flat()
    assert all(given[name] != SETTINGS[name].default for name in VALUES)


@pytest.mark.parametrize("name", NAMES)
def test_a_method_declares_settings_that_there_are(name: str) -> None:
    method = methods[name]
    assert method.settings <= SETTINGS.keys()
    assert not method.settings & ALWAYS_USED
    if issubclass(method, OneShotMethod):
        assert method.settings <= {"validation"} | OnBackbone.settings
    if issubclass(method, IterativeMethod):
        assert {"epochs", "lr", "batch_size", "lr_scale"} <= method.settings
    assert issubclass(method, OnBackbone) == ("backbone" in method.settings)
    assert bool(method.parts) != issubclass(method, NamedByTask)


@pytest.mark.parametrize("name", ["nft", "wrn", "rocket", "perceiver"])
def test_its_parts_are_those_of_its_network(name: str, backbones: dict[str, str]) -> None:
    crossing: dict[str, Any] = (
        {"backbone": backbones["vit"], **CHOSEN} if issubclass(methods[name], CrossModalMethod) else {}
    )
    net, _ = build(resolved(method=name, **crossing))
    assert set(net.parts()) == set(methods[name].parts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("nothing_is_loaded")
def test_a_setting_that_the_method_does_not_use_is_refused(name: str, refuses: Callable[..., Any]) -> None:
    unused = VALUES.keys() - methods[name].settings
    assert unused or "source" in methods[name].settings
    for setting in sorted(unused):
        with refuses("conflict", setting):
            resolved(method=name, **{setting: VALUES[setting]})


@pytest.mark.usefixtures("nothing_is_loaded")
def test_it_is_refused_with_its_default_too(refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "backbone"):
        resolved(method="wrn", backbone="swin-micro")


def test_every_setting_that_a_method_uses_is_taken() -> None:
    for name in NAMES:
        if issubclass(methods[name], NamedByTask):
            continue
        used = {key: VALUES[key] for key in methods[name].settings & VALUES.keys() - {"lr_scale"}}
        config = complete_settings(make_config({"task": "tiny", "method": name, **used}))
        assert config.flat(only_given=True).keys() - ALWAYS_USED == methods[name].settings


def grid(**changes: Any) -> list[dict[str, Any]]:
    """Return the keywords of `fit` for the runs of a grid of three methods."""
    values = {"tasks": ["tiny"], "backbones": ["swin-micro"], "seeds": 1, "settings": {}, **changes}
    return [job.settings for job in jobs(make_grid({"methods": ["pare", "wrn", "rocket"], **values}))]


def test_a_method_leaves_out_what_a_grid_sets_and_it_does_not_use() -> None:
    settings = {"epochs": 3, "dropout": False, "source": "procedural", "validation": 0.5}
    pare, wrn, rocket = grid(settings=settings)
    always = {"task", "seed", "method"}
    assert {k: v for k, v in pare.items() if k not in always} == settings | {"backbone": "swin-micro"}
    assert {k: v for k, v in wrn.items() if k not in always} == {"epochs": 3, "validation": 0.5}
    assert {k: v for k, v in rocket.items() if k not in always} == {"validation": 0.5}
    for words in (wrn, rocket):
        complete_settings(make_config(words))
    *_, rocket = grid(tasks=[{"name": "tiny", "settings": {"epochs": 3, "fingerprint": "abc"}}])
    assert rocket.keys() == always | {"fingerprint"}


def test_what_is_given_to_the_method_itself_is_refused(refuses: Callable[..., Any]) -> None:
    (words,) = grid(methods=[{"name": "rocket", "settings": {"epochs": 3}}])
    assert words["epochs"] == 3
    with refuses("conflict", "epochs"):
        complete_settings(make_config(words))


def test_a_part_of_a_specialist_has_a_rate_of_its_own(refuses: Callable[..., Any]) -> None:
    run = resolved(method={"name": "wrn", "width": 4}, lr=0.1, lr_scale={"body": 0.5})
    net, _ = build(run)
    groups = make_optimizer(net.parts(), run.config.optim).param_groups
    assert [group["lr"] for group in groups] == pytest.approx([0.05, 0.05])
    with refuses("unknown", "bdy"):
        resolved(method="wrn", lr_scale={"bdy": 0.5})
    with pytest.raises(InputError, match="did you mean 'body'"):
        resolved(method="wrn", lr_scale={"bdy": 0.5})
    with refuses("unknown", "body"):
        resolved(method="nft", lr_scale={"body": 0.5})


def complete_part(part: dict[str, Any]) -> set[str]:
    """Return the names of the options of a part."""
    return part.keys() - {"name"}


@pytest.mark.parametrize("name", ["pare", "orca", "nft", "wrn", "rocket", "pinn"])
def test_every_default_is_filled_in(name: str, backbones: dict[str, str], tmp_path: Path) -> None:
    crossing: dict[str, Any] = (
        {"backbone": backbones["swin"]} if issubclass(methods[name], CrossModalMethod) else {}
    )
    config = resolved(method=name, **crossing).config
    values = config.flat(only_given=True)
    assert values.keys() == methods[name].settings | ALWAYS_USED
    assert {key for key, value in values.items() if value is None} <= {
        "augment",
        "image_size",
        "patience",
    }  # none at all; the native one; no end of it
    if "epochs" in values:
        assert (values["batch_size"], values["epoch_steps"]) == (16, 20)
        rate = describe_backbone(backbones["swin"]).learning_rate if crossing else 1e-3
        assert values["lr"] == rate
    if "source" in values:
        assert values["source"] == "procedural"
    assert values["fingerprint"] == tiny().fingerprint()

    write_config(config, tmp_path / "config.yaml")
    written = yaml.safe_load((tmp_path / "config.yaml").read_text())
    groups = [written.pop(group, {}) for group in ("model", "data", "optim", "runtime")]
    flat = {key for group in groups for key in group} | written.keys() - {"schema"}
    assert flat == methods[name].settings | ALWAYS_USED
    assert all(groups) or not crossing


def test_options_of_every_part_are_filled_in() -> None:
    settings = {"method": "pare", "augment": "warp", "embedder": "patch"}
    config = complete_settings(make_config({"task": "tiny", **settings}))
    assert complete_part(config.method) >= {"mixer", "curriculum", "start", "end", "beta_1", "beta_2"}
    assert config.model.embedder == {"name": "patch", "overlap": 2.0, "tokens": 64}
    assert config.optim.schedule == {"name": "cosine", "end": 1.0}
    assert config.data.augment is not None
    assert complete_part(config.data.augment)


def test_a_resolved_run_resolves_to_itself(backbones: dict[str, str]) -> None:
    crossing: dict[str, Any] = {"backbone": backbones["vit"]}
    for method, more in (("pare", crossing), ("wrn", {}), ("rocket", {})):
        config = resolved(method=method, **more).config
        again = resolve(config, tiny()).config
        assert again == config
        assert again.flat(only_given=True) == config.flat(only_given=True)


def test_an_expert_is_the_method_that_the_task_names(refuses: Callable[..., Any]) -> None:
    config = resolved(tiny("wrn"), method={"name": "expert", "width": 4}, epochs=3).config
    assert config.method == {"name": "wrn", "depth": 16, "widen": 4, "width": 4, "dropout": 0.0}
    assert config.optim.epochs == 3
    config = resolved(tiny("rocket"), method="expert", epochs=3).config
    assert config.flat(only_given=True).keys() == {"validation"} | ALWAYS_USED
    with refuses("missing", "expert"):
        resolved(method="expert")
    with refuses("conflict", "source"):
        resolved(tiny("wrn"), method="expert", source="procedural")


def test_no_weights_are_read(backbones: dict[str, str], tmp_path: Path, refuses: Callable[..., Any]) -> None:
    folder = shutil.copytree(backbones["vit"], tmp_path / "broken")
    weights = folder / "model.safetensors"
    weights.write_bytes(b"no weights")
    run = resolved(method="nft", backbone=folder)
    assert run.config.model.backbone == str(folder)
    assert run.backbone is not None
    assert run.config.optim.lr == run.backbone.learning_rate
    with refuses("file", weights, upto="is damaged:"):
        build(run)
    out = tmp_path / "run"
    with refuses("file", weights, upto="is damaged:"):
        fit(tiny(), method="nft", backbone=folder, out=out)
    assert not out.exists()


def test_wrong_settings_come_before_a_backbone_that_is_not_there(refuses: Callable[..., Any]) -> None:
    config: RunConfig = make_config({"task": "tiny", "backbone": "./none", "method": "nft", "batch_size": 99})
    with refuses("value", "batch_size"):
        resolve(config, tiny())
    with refuses("file", "./none"):
        resolve(config.updated(batch_size=4), tiny())


def test_validation_data_of_a_task_is_training_data_where_none_is_asked_for() -> None:
    """As the published code trains, whose test data is its validation data."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 1, 16)).astype(np.float32), np.arange(12) % 3
    whole = Task.from_arrays(x, y)
    lazy = LazyArray((3, 1, 16), np.float32, lambda indices: x[9:][indices], digest="d")
    for last in (x[9:], lazy):
        task = dataclasses.replace(whole, train=Split(x[:9], y[:9]), validation=Split(last, y[9:]))
        run = resolve(make_config({"task": task.name, "method": "rocket", "validation": 0}), task)
        assert run.validation is None
        np.testing.assert_array_equal(np.asarray(run.train.x), x)
        np.testing.assert_array_equal(run.train.y, y)
        assert run.task.train is run.train
        kept = resolve(make_config({"task": task.name, "method": "rocket"}), task)
        assert kept.train is task.train
        assert kept.validation is task.validation
        assert kept.config.data.fingerprint == run.config.data.fingerprint
