"""Blocks that are compiled or computed again: the same figures, and the same network afterwards."""

import pytest
import torch

from isthmus import fit
from isthmus.backbones import load_backbone
from isthmus.config import make_config
from isthmus.config import resolve as resolving
from isthmus.training import blocks
from isthmus.training.callbacks import read_rows

SETTINGS = {
    "epochs": 1,
    "epoch_steps": 3,
    "batch_size": 4,
    "lr": 1e-2,
    "probe_samples": 0,
    "embedder": "patch",
    "scale": "channel",
    "augment": "none",
    "source": "tiny-pictures",
}


@pytest.fixture
def figures(make_task, backbones, tmp_path):
    def figures_of(method, family, **settings):
        asked = {**SETTINGS, **settings, "method": method}
        if family is None:
            asked = {
                k: v for k, v in asked.items() if k not in ("probe_samples", "embedder", "source", "scale")
            }
        elif method != "pare":
            del asked["source"]
        named = {} if family is None else {"backbone": backbones[family]}
        name = "-".join(map(str, (method, family, *settings.values())))
        run = fit(make_task(), out=tmp_path / name, floor=False, **named, **asked)
        (row,) = read_rows(run.folder / "metrics.csv")
        return {**row, "test": run.test_error}, run.net.state_dict()

    return figures_of


@pytest.mark.slow
@pytest.mark.parametrize(("method", "family"), [("pare", "swin"), ("nft", "words"), ("wrn", None)])
def test_a_compiled_training_has_the_same_figures(figures, monkeypatch, method, family):
    monkeypatch.setattr(blocks, "BACKEND", "aot_eager")
    monkeypatch.setattr(resolving, "has_compiler", lambda: True)
    compiled, plain = (figures(method, family, compile=which)[0] for which in ("blocks", "none"))
    assert compiled == pytest.approx(plain, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(("method", "family"), [("pare", "swin"), ("nft", "vit")])
def test_what_is_computed_again_is_the_same(figures, method, family):
    again, plain = (figures(method, family, gradient_checkpointing=which) for which in (True, False))
    assert again[0] == plain[0]
    assert all(torch.equal(value, plain[1][name]) for name, value in again[1].items())


def test_afterwards_nothing_is_compiled(backbones):
    backbone = load_backbone(backbones["vit"])
    with blocks.compiled(backbone.blocks()):
        assert all(block._compiled_call_impl is not None for block in backbone.blocks())
    assert all(block._compiled_call_impl is None for block in backbone.blocks())


@pytest.mark.parametrize(
    ("compile", "steps", "gpu", "expected"),
    [
        ("auto", 2000, True, True),
        ("auto", 1999, True, False),
        ("auto", 2000, False, False),
        ("blocks", 1, False, True),
        ("none", 9999, True, False),
    ],
)
def test_auto_compiles_long_trainings_on_a_gpu(monkeypatch, compile, steps, gpu, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(blocks, "has_compiler", lambda: True)
    config = make_config({"task": "t", "epochs": 1, "epoch_steps": steps, "compile": compile})
    assert blocks.is_compiled(config) == expected


def test_without_a_compiler(make_task, monkeypatch, refuses):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with refuses("dependency", "compile"):
        resolving.resolve(make_config({"task": "tiny", "method": "wrn", "compile": "blocks"}), make_task())


def test_a_specialist_has_no_blocks_to_compute_again(make_task, refuses):
    config = make_config({"task": "tiny", "method": "wrn", "gradient_checkpointing": True})
    with refuses("conflict", "gradient_checkpointing"):
        resolving.resolve(config, make_task())
