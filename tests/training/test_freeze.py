"""Projections of attention that do not learn."""

import pytest
import torch

from isthmus import CrossModalNet, fit
from isthmus.backbones import load_backbone

FROZEN = {"query", "key", "q_proj", "k_proj"}
SETTINGS = {
    "epochs": 2,
    "epoch_steps": 3,
    "batch_size": 4,
    "lr": 1e-2,
    "weight_decay": 0.1,
    "checkpoint": "last",
}


@pytest.mark.parametrize(
    ("method", "family"),
    [("pare", "swin"), ("nft", "vit"), ("nft", "words"), ("attention-only", "vit"), ("scratch", "vit")],
)
def test_they_are_bitwise_unchanged_by_training(make_task, backbones, tmp_path, method, family):
    asked = {"method": method, "backbone": backbones[family], **SETTINGS}
    if method == "pare":
        asked["source"] = "tiny-pictures"
    run = fit(make_task(), freeze=["query", "key"], out=tmp_path / "run", **asked)
    before = dict(load_backbone(backbones[family]).named_encoder_parameters())
    if method == "scratch":
        fresh = load_backbone(backbones[family])
        fresh.reset(0)
        before = dict(fresh.named_encoder_parameters())
    assert isinstance(run.net, CrossModalNet)
    after = dict(run.net.backbone.named_encoder_parameters())
    same = {name for name in before if torch.equal(before[name], after[name])}
    frozen = {name for name in before if not FROZEN.isdisjoint(name.split("."))}
    assert frozen
    if method == "attention-only":
        frozen |= {name for name in before if "attention" not in name.split(".")}
    assert same == frozen


def test_all_three(make_task, backbones, tmp_path):
    asked = {"method": "value-only", "backbone": backbones["vit"], **SETTINGS}
    run = fit(make_task(), freeze=["query", "key", "value"], out=tmp_path / "run", **asked)
    before = dict(load_backbone(backbones["vit"]).named_parameters())
    assert all(torch.equal(p, before[name]) for name, p in run.net.backbone.named_parameters())
