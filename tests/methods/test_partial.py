"""Which parameters of a backbone learn, by name; the rest stays as it is."""

from typing import Any

import numpy as np
import pytest
import torch

from isthmus import fit
from isthmus.backbones import load_backbone
from isthmus.config import make_config
from isthmus.config.resolve import resolve
from isthmus.methods import methods as registered_methods
from isthmus.tasks import Task

methods: Any = registered_methods  # each has options and steps of its own


NORMS = {
    "swin": {
        "encoder.layers.0.blocks.0.layernorm_before",
        "encoder.layers.0.blocks.0.layernorm_after",
        "encoder.layers.1.blocks.0.layernorm_before",
        "encoder.layers.1.blocks.0.layernorm_after",
        "layernorm",
    },
    "vit": {"layers.0.layernorm_before", "layers.0.layernorm_after", "layernorm"},
    "bert": {"encoder.layer.0.attention.output.LayerNorm", "encoder.layer.0.output.LayerNorm"},
}
VALUES = {
    "swin": {f"encoder.layers.{stage}.blocks.0.attention.v_proj" for stage in (0, 1)},
    "vit": {"layers.0.attention.v_proj"},
    "bert": {"encoder.layer.0.attention.self.value"},
}
ATTENTION = {
    "swin": {
        f"encoder.layers.{stage}.blocks.0.attention.{part}"
        for stage in (0, 1)
        for part in ("q_proj", "k_proj", "v_proj", "o_proj", "relative_position_bias")
    },
    "vit": {f"layers.0.attention.{part}_proj" for part in "qkvo"},
    "bert": {
        f"encoder.layer.0.attention.{part}"
        for part in ("self.query", "self.key", "self.value", "output.dense")
    },
}
LEARNING = {"fpt": NORMS, "value-only": VALUES, "attention-only": ATTENTION}
RNG = torch.Generator().manual_seed(0)
X, Y = torch.randn(12, 1, 16, generator=RNG), torch.arange(12) % 2


@pytest.mark.parametrize("name", sorted(LEARNING))
@pytest.mark.parametrize("family", ["swin", "vit", "bert"])
def test_what_learns_by_name(name, family, backbones, make_net) -> None:
    net = make_net(backbones[family])
    methods[name]().prepare(net, 0)
    learning = {n for n, p in net.backbone.model.named_parameters() if p.requires_grad}
    assert {n.rpartition(".")[0] for n in learning} == LEARNING[name][family]
    assert all(p.requires_grad for part in ("embedder", "predictor") for p in net.parts()[part])


@pytest.mark.parametrize("name", [*sorted(LEARNING), "linear-probe"])
@pytest.mark.parametrize("family", ["swin", "vit", "words"])
def test_the_rest_is_bitwise_unchanged_by_training(name, family, backbones, tmp_path) -> None:
    task = Task.from_arrays(X, Y, name="t")
    settings = {"epochs": 2, "epoch_steps": 3, "batch_size": 4, "lr": 1e-2, "weight_decay": 0.1}
    where = {"backbone": backbones[family], "out": tmp_path / "run"}
    fit(task, method=name, **where, checkpoint="last", **settings)
    before = dict(load_backbone(backbones[family]).model.named_parameters())
    after = dict(load_backbone(tmp_path / "run" / "model" / "backbone").model.named_parameters())
    changed = {n.rpartition(".")[0] for n in before if not torch.equal(before[n], after[n])}
    assert before.keys() == after.keys()
    assert changed == LEARNING.get(name, {}).get("bert" if family == "words" else family, set())


@pytest.mark.parametrize("family", ["swin", "vit", "bert"])
def test_low_rank_adaptation_starts_as_the_backbone_and_ends_as_one(family, backbones, make_net) -> None:
    net, method = make_net(backbones[family]).eval(), methods["lora"](rank=2)
    names, x = list(net.state_dict()), X[:4]
    with torch.no_grad():
        before = net(x)
        method.prepare(net, 0)
        torch.testing.assert_close(net(x), before)
    learning = [n for n, p in net.backbone.named_parameters() if p.requires_grad]
    assert learning
    assert all("lora_" in n for n in learning)
    with torch.no_grad():
        for _, parameter in net.backbone.named_encoder_parameters():
            if parameter.requires_grad:
                parameter.add_(0.1)
        changed = net(x)
        assert not torch.allclose(changed, before)
        method.restore(net)
        torch.testing.assert_close(net(x), changed)
    assert list(net.state_dict()) == names


def test_a_run_with_low_rank_adaptation_loads_as_any_other(backbones, tmp_path) -> None:
    task = Task.from_arrays(X, Y, X, Y, name="t")
    settings = {"epochs": 2, "epoch_steps": 3, "batch_size": 4, "lr": 1e-2, "checkpoint": "best"}
    run = fit(task, method="lora", backbone=backbones["swin"], out=tmp_path / "run", **settings)
    assert run.test_error is not None
    assert run.predict(X).shape == (12,)


def test_low_rank_adaptation_needs_attention(refuses):
    settings = {"method": "lora", "backbone": "efficientnet-lite0", "image_size": 32}
    settings |= {"embedder": "picture", "scale": "channel", "augment": "none"}
    task = Task.from_arrays(np.random.default_rng(0).normal(size=(8, 1, 16)), np.arange(8) % 2, name="t")
    run = resolve(make_config({"task": "t", "validation": 0, **settings}), task)
    with refuses("conflict", "backbone"):
        run.method.build(run.config, run.task)
