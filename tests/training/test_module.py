"""Optimiser, schedule, steps."""

import numpy as np
import pytest
import torch

from isthmus import fit
from isthmus.config import make_config
from isthmus.config.resolve import resolve
from isthmus.methods.optimization import make_optimizer
from isthmus.model import CrossModalNet
from isthmus.training.callbacks import read_rows
from isthmus.training.fit import build

CHOSEN = {"embedder": "patch", "scale": "channel", "augment": "none"}
"""Settings that are else chosen by cross-validation"""


class Built:
    """A resolved run and its network."""

    def __init__(self, task, **settings):
        run = resolve(make_config({"task": "tiny", **CHOSEN, **settings}), task)
        self.config, self.net = run.config, build(run)[0]


@pytest.fixture
def plan_of(make_task, backbones):
    def plan(method="pare", backbone="swin", **settings):
        source = {"source": "tiny-pictures"} if method == "pare" else {}
        return Built(make_task(), method=method, backbone=backbones[backbone], **source, **settings)

    return plan


def test_parameter_groups(plan_of):
    plan = plan_of(lr=0.1, weight_decay=0.3, lr_scale={"gate": 10, "embedder": 0.5})
    groups = make_optimizer(plan.net.parts(), plan.config.optim).param_groups
    names = {parameter: name for name, parameter in plan.net.named_parameters()}
    rates = {"embedder": 0.05, "gate": 1.0, "backbone": 0.1, "target_predictor": 0.1, "source_predictor": 0.1}
    seen = []
    for group in groups:
        for parameter in group["params"]:
            name = names[parameter]
            seen.append(name)
            assert group["lr"] == pytest.approx(rates[name.split(".")[0]]), name
            is_vector = name.endswith("bias") or "norm" in name
            assert group["weight_decay"] == (0 if is_vector else 0.3), name
    learning = [name for name, parameter in plan.net.named_parameters() if parameter.requires_grad]
    assert sorted(seen) == sorted(learning)
    assert not any(name.startswith("backbone.model.embeddings.") for name in seen)
    assert any(name.startswith("gate.") for name in seen)
    assert tuple(plan.net.parts()) == CrossModalNet.part_names


def test_everything_decays_if_that_is_asked_for(plan_of):
    """As in the published code, whose optimisers are given one decay for all parameters."""
    plan = plan_of("nft", weight_decay=0.3, decay_on="all")
    groups = make_optimizer(plan.net.parts(), plan.config.optim).param_groups
    assert {group["weight_decay"] for group in groups} == {0.3}


def test_what_a_method_does_not_use_is_not_in_the_optimiser(plan_of):
    plan = plan_of("nft")
    names = {parameter: name for name, parameter in plan.net.named_parameters()}
    seen = [
        names[p]
        for group in make_optimizer(plan.net.parts(), plan.config.optim).param_groups
        for p in group["params"]
    ]
    assert not any(name.startswith(("gate.", "source_predictor.")) for name in seen)


@pytest.mark.parametrize(("name", "kind"), [("adamw", "AdamW"), ("adam", "Adam"), ("sgd", "SGD")])
def test_optimisers(plan_of, name, kind):
    plan = plan_of("nft", optimizer=name)
    optimizer = make_optimizer(plan.net.parts(), plan.config.optim)
    assert type(optimizer).__name__ == kind
    assert optimizer.defaults.get("momentum", 0.9) == 0.9
    assert optimizer.defaults.get("betas", (0.9, 0.999)) == (0.9, 0.999)
    plan = plan_of("nft", optimizer=name, betas=[0.8, 0.98], momentum=0.99, nesterov=True)
    defaults = make_optimizer(plan.net.parts(), plan.config.optim).defaults
    asked = {"betas": (0.8, 0.98), "momentum": 0.99, "nesterov": True}
    assert {key: defaults[key] for key in asked if key in defaults} == {
        key: asked[key] for key in (["momentum", "nesterov"] if name == "sgd" else ["betas"])
    }


STEP = {
    "method": "nft",
    "optimizer": "sgd",
    "lr": 0.1,
    "warmup_ratio": 0,
    "max_grad_norm": None,
    "epochs": 1,
    "weight_decay": 0,
    "probe_samples": 0,
    **CHOSEN,
}


def test_accumulated_batches_are_one_larger_batch(make_task, backbones, tmp_path):
    """The backbone has no dropout: samples, and so gradients, are the same."""
    runs = [
        fit(make_task(), backbone=backbones["vit"], out=tmp_path / str(size), **STEP, **settings)
        for size, settings in [
            (12, {"batch_size": 12, "epoch_steps": 1}),
            (4, {"batch_size": 4, "epoch_steps": 3, "gradient_accumulation_steps": 3}),
            (8, {"batch_size": 4, "epoch_steps": 3}),
        ]
    ]
    whole, parts, other = (run.net.state_dict() for run in runs)
    for name in whole:
        torch.testing.assert_close(whole[name], parts[name], rtol=1e-5, atol=1e-6)
    assert not all(torch.allclose(whole[name], other[name], rtol=1e-5, atol=1e-6) for name in whole)
    assert [run.result["steps"] for run in runs] == [1, 1, 3]


def test_the_last_group_of_an_epoch_may_be_incomplete(make_task, backbones, tmp_path):
    settings = STEP | {"epochs": 2, "epoch_steps": 5, "batch_size": 4, "gradient_accumulation_steps": 2}
    run = fit(make_task(), backbone=backbones["vit"], out=tmp_path / "run", **settings)
    rows = read_rows(run.folder / "metrics.csv")
    assert [row["step"] for row in rows] == [3, 6]
    assert [row["lr"] for row in rows] == pytest.approx([0.05, 0])  # half a cosine, half way and at its end


def test_another_schedule(make_task, backbones, tmp_path):
    settings = STEP | {"epochs": 4, "epoch_steps": 1, "batch_size": 4, "warmup_ratio": 0.25}
    settings["schedule"] = {"name": "linear", "end": 2}
    run = fit(make_task(), backbone=backbones["vit"], out=tmp_path / "run", **settings)
    rows = read_rows(run.folder / "metrics.csv")
    assert [row["lr"] for row in rows] == pytest.approx([0.1 * part for part in (1, 6 / 7, 5 / 7, 4 / 7)])
    assert run.config.optim.schedule == {"name": "linear", "end": 2.0}


def test_clipping(make_task, backbones, tmp_path):
    """After one step of SGD from rest, weights have moved by lr times the clipped norm."""
    settings = STEP | {"max_grad_norm": 0.01, "epoch_steps": 1, "batch_size": 4}
    task = make_task()
    before = Built(task, backbone=backbones["vit"], **settings).net
    after = fit(task, backbone=backbones["vit"], out=tmp_path / "run", **settings).net
    moved = [(p - q).flatten() for p, q in zip(before.parameters(), after.parameters(), strict=True)]
    assert torch.cat(moved).norm().item() == pytest.approx(0.1 * 0.01, rel=1e-2)


@pytest.mark.parametrize(("n", "asked", "expected"), [(24, {}, (16, 20)), (24, {"batch_size": 2}, (2, 20))])
def test_defaults_that_depend_on_the_data(plan_of, n, asked, expected):
    config = plan_of("nft", **asked).config
    assert (config.data.batch_size, config.optim.epoch_steps) == expected


def test_an_epoch_is_a_pass_where_that_is_more(make_task, backbones):
    config = Built(make_task(n=80), method="nft", backbone=backbones["vit"], batch_size=2).config
    assert config.optim.epoch_steps == 32  # 64 of 80 samples are left for training


def test_progress_goes_from_0_to_1(make_task, backbones, tmp_path, monkeypatch):
    from isthmus.methods.fine_tuning import NaiveFineTuning

    seen, step = [], NaiveFineTuning.step
    monkeypatch.setattr(NaiveFineTuning, "step", lambda self, *a: seen.append(a[3]) or step(self, *a))
    fit(
        make_task(),
        backbone=backbones["vit"],
        out=tmp_path,
        **STEP | {"epochs": 2, "epoch_steps": 3, "batch_size": 4},
    )
    np.testing.assert_allclose(seen, [0, 0.2, 0.4, 0.6, 0.8, 1])


def test_precision(make_task, backbones, tmp_path):
    asked = STEP | {"epoch_steps": 2, "batch_size": 4}
    runs = [
        fit(make_task(), backbone=backbones["vit"], out=tmp_path / p, precision=p, **asked)
        for p in ("32", "bf16")
    ]
    rows = [read_rows(run.folder / "metrics.csv")[-1] for run in runs]
    assert rows[0]["loss"] == pytest.approx(rows[1]["loss"], rel=0.05)
    assert rows[0]["loss"] != rows[1]["loss"]
    assert all(value.dtype == torch.float32 for value in runs[1].net.state_dict().values())
