"""The doctor finds what was made wrong on purpose, and nothing in a run that is well."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import isthmus
from isthmus.doctor import checks, diagnose
from isthmus.tasks import Task
from isthmus.training.callbacks import read_rows, write_rows

PARE = {"method": "pare", "source": "tiny-pictures"}
SHORT: dict[str, Any] = {
    "epochs": 3,
    "epoch_steps": 6,
    "batch_size": 8,
    "lr": 2e-3,
    "validation": 0.4,
    "probe_samples": 0,
}
SHORT |= {"scale": "channel", "augment": None, "embedder": "patch"}


@pytest.fixture
def fitted(make_task: Callable[..., Task], backbones: dict[str, str], tmp_path: Path) -> Callable[..., Path]:
    """Makes a run of the tiny task, of others where one is given, and returns its folder."""

    def fit(task: Task | None = None, **settings: Any) -> Path:
        task = make_task(n=60) if task is None else task
        isthmus.fit(task, out=tmp_path / "run", **SHORT | {"backbone": backbones["vit"]} | settings)
        return tmp_path / "run"

    return fit


def found(folder: Path) -> dict[str, str]:
    """Return what each check has seen."""
    seen: dict[str, str] = {}
    for finding in diagnose(folder):
        assert finding.advice
        seen[finding.check] = "; ".join(filter(None, [seen.get(finding.check, ""), finding.seen]))
    return seen


def test_a_run_that_is_well(
    fitted: Callable[..., Path], run: Callable[..., Any], refused: Callable[..., str]
) -> None:
    folder = fitted(**PARE)
    assert found(folder) == {}
    code, out, _ = run("doctor", folder)
    assert code == 0
    assert out.startswith("nothing is wrong that can be seen; looked at: ")
    assert all(name in out for name in checks)
    refused(run("doctor", "nothing"))
    gate_of_no_opinion(folder)
    assert found(folder).keys() == {"gate"}
    assert "takes all tokens for alike" in found(folder)["gate"]
    assert run("doctor", folder)[1].count("\n  try: ") == 1


def gate_of_no_opinion(folder: Path) -> None:
    """Give the network of a run a gate whose scores are all one half."""
    net = isthmus.Run(folder).net
    with torch.no_grad():
        for parameter in net.gate.parameters():
            parameter.zero_()
    net.save_pretrained(folder / "model")


def test_data_that_is_ill(fitted: Callable[..., Path], make_task: Callable[..., Task]) -> None:
    task = make_task(n=60)
    x, y = np.asarray(task.train.x), np.array(["low", "middle", "high"])[np.asarray(task.train.y)]
    x, y = np.concatenate([x[y != "high"]] * 3), np.concatenate([y[y != "high"]] * 3)
    x, y = np.concatenate([x, task.train.x[:4]]), np.append(y, ["rare"] * 4)
    seen = found(fitted(Task.from_arrays(x, y, x[:5], y[:5], name="ill"), method="nft", validation=0.1))
    assert "'rare' has" in seen["class-balance"]
    assert "5 of the 5 test samples are training samples" in seen["overlap"]
    assert "validation samples are training samples" in seen["overlap"]
    assert "validation samples: one of them is" in seen["validation"]


def test_classes_of_very_different_size(fitted: Callable[..., Path]) -> None:
    y = np.array(["often"] * 240 + ["seldom"] * 10)
    x = np.random.default_rng(0).normal(size=(250, 2, 20)) + (y == "seldom")[:, None, None]
    seen = found(fitted(Task.from_arrays(x, y, name="uneven"), method="nft", epochs=1))
    assert "'seldom' has 6 training samples, 'often' 144" in seen["class-balance"]


def test_a_learning_rate_that_is_too_high(fitted: Callable[..., Path]) -> None:
    high = {"optimizer": "sgd", "lr": 1.0, "max_grad_norm": None, "warmup_ratio": 0, "schedule": "constant"}
    assert "the loss went up" in found(fitted(method="nft", **high))["learning-rate"]


def test_a_learning_rate_that_is_too_low(
    fitted: Callable[..., Path], all_floors: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in all_floors if name != "ridge"]:
        del all_floors[name]
    low = {"lr": 1e-9, "probe_samples": 36, "predictor_start": "new"}
    seen = found(fitted(method="nft", **low))
    assert "the loss hardly fell" in seen["learning-rate"]
    assert "1e-09, and 0.0001 is recommended" in seen["learning-rate"]
    assert "ridge has a test error of" in seen["worth-it"]
    assert "did not reach the probe" in seen["worth-it"]


def test_overfitting(fitted: Callable[..., Path], make_task: Callable[..., Task]) -> None:
    task = make_task(n=60)
    y = np.random.default_rng(1).permutation(np.array(["a", "b", "c"])[np.asarray(task.train.y)])
    learnt = {"epochs": 6, "epoch_steps": 20, "lr": 1e-2}
    seen = found(fitted(Task.from_arrays(task.train.x, y, name="noise"), method="nft", **learnt))
    assert "it overfits: since epoch" in seen["overfitting"]


def test_a_bridge_that_is_not_crossed(fitted: Callable[..., Path]) -> None:
    seen = found(
        fitted(**PARE | {"method": {"name": "pare", "end": 0.5, "source_weight": 50.0, "explore": 0.0}})
    )
    assert "lambda ends at 0.5" in seen["lambda"]
    assert "of the loss is the source's" in seen["loss-shares"]
    assert "the gate got no gradient" in seen["gradients"]


def test_a_bridge_that_is_hardly_entered(fitted: Callable[..., Path]) -> None:
    timid = {"name": "pare", "start": 0.02, "beta_2": 1e-3}
    seen = found(fitted(**PARE | {"method": timid}))
    assert "hardly a token is replaced" in seen["lambda"]
    assert "of the loss is the mixture's" in seen["loss-shares"]


def test_a_gate_that_learns_too_fast(fitted: Callable[..., Path]) -> None:
    seen = found(fitted(**PARE, lr_scale={"gate": 1e5}, weight_decay=0.0))
    assert "the gate is certain of every token" in seen["gate"]


def test_gradients_that_are_out_of_hand_and_parts_that_are_held(fitted: Callable[..., Path]) -> None:
    loud = {"method": {"name": "pare", "beta_1": 1e6}, "max_grad_norm": None, "lr_scale": {"gate": 0.0}}
    seen = found(fitted(**PARE | loud))["gradients"]
    assert "the gate does not learn: lr_scale.gate is 0" in seen
    assert "the gradient of the predictor is out of hand" in seen
    assert "it is not clipped" in seen


def test_the_norms_are_those_of_the_gradient(
    fitted: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from isthmus.training.gradients import GradientNorms

    norms = []
    own = GradientNorms.on_before_optimizer_step

    def and_mine(self: Any, trainer: Any, module: Any, optimizer: Any) -> None:
        own(self, trainer, module, optimizer)
        squares = [(p.grad**2).sum() for p in module.net.parts()["predictor"] if p.grad is not None]
        norms.append(float(torch.stack(squares).sum().sqrt()))

    monkeypatch.setattr(GradientNorms, "on_before_optimizer_step", and_mine)
    rows = read_rows(fitted(method="nft", epochs=2) / "metrics.csv")
    assert [row["grad_predictor"] for row in rows] == pytest.approx([norms[5], norms[11]])
    assert not any(name in row for row in rows for name in ("grad_gate", "grad_source_predictor"))


def test_an_unfinished_run_is_looked_at(fitted: Callable[..., Path], tmp_path: Path) -> None:
    folder = fitted(method="nft", epochs=1)
    for path in ("model", "result.json", "data.json", "samples.npz", "predictions.npz"):
        shutil.rmtree(folder / path) if (folder / path).is_dir() else (folder / path).unlink()
    rows = [{"epoch": epoch, "loss": loss} for epoch, loss in enumerate([1.0, 0.5, 4.0], 1)]
    write_rows(folder / "metrics.csv", rows)
    assert found(folder).keys() == {"learning-rate"}
