"""Settings that are `auto`, the probe before fine-tuning, and the source under the backbone's own labels."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from isthmus import Run, fit
from isthmus.backbones import load_classifier
from isthmus.config import make_config
from isthmus.config.resolve import resolve
from isthmus.errors import InputError
from isthmus.methods.own_labels import with_own_labels
from isthmus.sources import load_source
from isthmus.tasks import Task
from isthmus.training.choosing import choose
from isthmus.training.fit import build

SHORT: dict[str, Any] = {"epochs": 1, "epoch_steps": 2, "batch_size": 4, "backbone": "swin-micro"}


def waves(samples: int = 24) -> Task:
    rng = np.random.default_rng(0)
    label = np.arange(samples + 8) % 2
    x = np.sin(np.linspace(0, 6.3, 32) * (1 + 2 * label[:, None])) + 0.1 * rng.normal(size=(len(label), 32))
    return Task.from_arrays(x[:samples], label[:samples], x[samples:], label[samples:], name="waves")


def test_the_best_on_samples_left_out_is_chosen_and_told(tmp_path: Path) -> None:
    asked = {"embedder": "auto", "scale": "auto", "augment": "auto"}
    run = fit(waves(), method="nft", out=tmp_path / "run", **asked, **SHORT)
    chosen = json.loads((tmp_path / "run" / "chosen.json").read_text())
    tried = chosen["candidates"]
    embedders = {c["settings"]["embedder"]["name"] for c in tried}
    assert embedders == {"picture", "fold", "views"}
    assert {c["settings"]["scale"] for c in tried} == {"channel", "position"}
    names = {(c["settings"]["augment"] or {"name": None})["name"] for c in tried}
    assert names == {None, "jitter", "warp"}
    best = min(tried, key=lambda c: (c["error"], c["squared_error"]))
    assert next(c for c in tried if c["settings"] == chosen["settings"])["error"] == best["error"]
    assert run.result["embedder"] == chosen["settings"]["embedder"]["name"]
    assert run.config.model.embedder == {"name": "auto"}  # as it was asked for
    assert Run(tmp_path / "run").predict(waves().train.x[:2]).shape == (2,)


def test_an_augmentation_is_judged_by_changed_samples_alone(tmp_path: Path) -> None:
    """On spectra that differ by less than its noise jitter is a harm, which copies beside them would hide."""
    label = np.arange(30) % 2
    x = np.sin(np.linspace(0, 6.3, 32)) + 0.01 * label[:, None] * np.cos(np.linspace(0, 60, 32))
    x = x + 1e-3 * np.random.default_rng(0).normal(size=x.shape)
    task = Task.from_arrays(x, label, name="spectra")
    asked = {"embedder": "fold", "scale": "channel", "augment": "auto"}
    fit(task, method="nft", out=tmp_path / "run", **asked, **SHORT)
    tried = json.loads((tmp_path / "run" / "chosen.json").read_text())["candidates"]
    errors = {(c["settings"]["augment"] or {"name": None})["name"]: c["error"] for c in tried}
    assert errors[None] < errors["jitter"] / 2


def test_a_backbone_that_cannot_see_the_pictures_asked_for_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"method": "probe", "embedder": "picture", "scale": "channel"}
    fit(waves(), out=tmp_path / "run", image_size=32, **settings)
    chosen = json.loads((tmp_path / "run" / "chosen.json").read_text())
    assert {c["settings"]["backbone"] for c in chosen["candidates"]} == {"efficientnet-lite0"}
    monkeypatch.setattr("isthmus.training.choosing.BACKBONES", ("swin-micro",))
    with pytest.raises(InputError, match="window_size 4 is larger"):
        fit(waves(), out=tmp_path / "none", image_size=32, **settings)


def test_a_resumed_run_does_not_choose_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task, out = waves(), tmp_path / "run"
    first = fit(task, method="nft", out=out, embedder="auto", **SHORT)
    (out / "result.json").unlink()
    monkeypatch.setattr("isthmus.training.choosing.Chooser.choose", None)
    again = fit(task, method="nft", out=out, embedder="auto", resume=True, **SHORT)
    assert again.result["embedder"] == first.result["embedder"]


def test_runs_with_the_same_samples_choose_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    caplog.set_level("INFO", "isthmus")
    views = {"embedder": "picture", "scale": "auto"}

    def chosen(name: str, task: Task, **settings: Any) -> dict[str, Any]:
        caplog.clear()
        fit(task, out=tmp_path / name, **{"method": "nft", **views, **SHORT, **settings})
        found: dict[str, Any] = json.loads((tmp_path / name / "chosen.json").read_text())
        return found

    first = chosen("first", waves())
    assert "chosen by cross-validation in" in caplog.text
    assert chosen("mixup", waves(), method="mixup", epoch_steps=3) == first
    assert "chosen by cross-validation before" in caplog.text
    changed = waves()
    changed.train.x[0] += 1
    for name, task, settings in (("seed", waves(), {"seed": 1}), ("x", changed, {})):
        chosen(name, task, **settings)
        assert "chosen by cross-validation before" not in caplog.text
    (kept,) = (path for path in (tmp_path / "data").rglob("*.json") if json.loads(path.read_text()) == first)
    kept.write_text("{")
    assert chosen("damaged", waves())["settings"] == first["settings"]
    assert "chosen by cross-validation in" in caplog.text


def test_a_damaged_choice(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    out = tmp_path / "run"
    fit(waves(), method="nft", out=out, embedder="auto", **SHORT)
    (out / "result.json").unlink()
    (out / "chosen.json").write_text("[]")
    with refuses("file", out / "chosen.json"):
        fit(waves(), method="nft", out=out, embedder="auto", resume=True, **SHORT)


def test_nothing_is_left_to_choose_for_a_method_without_a_backbone() -> None:
    run = resolve(make_config({"task": "waves", "method": "wrn", "augment": "auto"}), waves())
    assert run.choices == []
    assert run.augment is None


def test_a_series_with_a_target_at_every_point_is_embedded_by_patches(tmp_path: Path) -> None:
    x = waves().train.x
    task = Task.from_arrays(x, 2 * x, kind="regression", name="field")
    settings = {"task": "field", "method": "nft", "embedder": "auto", "backbone": "swin-micro"}
    run, choice = choose(resolve(make_config(settings), task), tmp_path)
    assert run.config.model.embedder["name"] == "patch"
    assert choice is not None


def test_the_probe_comes_first_and_is_kept_where_fine_tuning_is_worse(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"embedder": "picture", "lr": 1e-9, **SHORT}
    settings["predictor_start"] = "new"
    run = fit(waves(), method="nft", out=tmp_path / "run", **settings)
    probe = run.result["probe"]
    assert probe["kept"]
    assert run.result["validation_error"] == probe["validation_error"]
    alone = fit(waves(), method="probe", out=tmp_path / "probe", embedder="picture", backbone="swin-micro")
    x = waves().train.x
    np.testing.assert_allclose(run.outputs(x), alone.outputs(x), rtol=1e-4, atol=1e-4)
    assert "the run ends with the probe" in (tmp_path / "run" / "log.txt").read_text()
    last = fit(waves(), method="nft", out=tmp_path / "last", checkpoint="last", **settings)
    assert not last.result["probe"]["kept"]
    assert "checkpoint=best keeps the probe" in (tmp_path / "last" / "log.txt").read_text()


def test_the_predictor_may_start_as_the_probe(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"embedder": "picture", "predictor_start": "probe", "lr": 1e-9, **SHORT}
    run = fit(waves(), method="nft", out=tmp_path / "run", **settings)
    alone = fit(waves(), method="probe", out=tmp_path / "probe", embedder="picture", backbone="swin-micro")
    x = waves().train.x
    np.testing.assert_allclose(run.outputs(x), alone.outputs(x), rtol=1e-3, atol=1e-3)


def test_a_source_under_the_backbones_own_labels() -> None:
    source = load_source("procedural", "image")
    few = type(source)(source.name, source.modality, np.asarray(source.x)[:4], source.y[:4], source.classes)
    own = with_own_labels(few, "efficientnet-lite0", 64)
    labels = own.labels(np.array([2, 0]))
    assert labels.shape == (2, 1000)
    torch.testing.assert_close(labels.sum(1), torch.ones(2))
    settings = {"method": "pare", "backbone": "efficientnet-lite0", "embedder": "picture", "image_size": 64}
    settings |= {"source_labels": "own", "scale": "channel", "augment": "none"}
    run = resolve(make_config({"task": "waves", **settings}), waves())
    net, _ = build(run)
    classifier = load_classifier("efficientnet-lite0")
    with torch.no_grad():
        features = net.encode(net.embed_source(few.take(np.arange(4))))  # type: ignore[operator]
        expected = classifier(features[-1].mean(1))
        torch.testing.assert_close(net.source_predictor(features), expected, atol=1e-2, rtol=1e-3)  # type: ignore[operator]
        assert own.probabilities is not None
        torch.testing.assert_close(
            expected.softmax(1), torch.from_numpy(own.probabilities), atol=1e-4, rtol=1e-3
        )


def test_a_backbone_without_a_classifier(refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "source_labels"):
        load_classifier("swin-micro")
