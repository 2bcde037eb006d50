"""What is wrong is said in one line, before a folder is made."""

import numpy as np
import pytest

from isthmus import fit

SHORT = {"method": "nft", "epochs": 1, "epoch_steps": 1, "batch_size": 4}


SETTINGS = [
    ({"method": "parre"}, "unknown", "parre"),
    (
        {"method": {"start": 0.5}},
        "value",
        "method",
    ),
    (
        {"method": {"name": "pare", "strat": 1}},
        "unknown",
        "strat",
    ),
    ({"method": {"name": "pare", "start": 1.5}}, "value", "start"),
    ({"method": {"name": "pare", "start": 0.2, "end": 0.5}}, "conflict", "end"),
    (
        {"method": {"name": "pare", "start": float("nan")}},
        "value",
        "method.start",
    ),
    ({"method": {"name": "pare", "mixer": "gat"}}, "unknown", "gat"),
    ({"embedder": "pach"}, "unknown", "pach"),
    ({"embedder": {"name": "patch", "overlpa": 1}}, "unknown", "overlpa"),
    (
        {"method": "pare", "source": "tiny-picture"},
        "unknown",
        "tiny-picture",
    ),
    ({"epoch": 3}, "unknown", "epoch"),
    ({"epochs": 0}, "value", "epochs"),
    ({"lr": float("inf")}, "value", "lr"),
    ({"lr_scale": {"gte": 1}}, "unknown", "gte"),
    ({"lr_scale": {"gate": -1}}, "value", "lr_scale.gate"),
    ({"batch_size": 20}, "value", "batch_size"),
    ({"devices": 6}, "value", "devices"),
    (
        {"checkpoint": "best", "validation": 0},
        "conflict",
        "checkpoint",
    ),
    ({"fingerprint": "0" * 64}, "conflict", "fingerprint"),
    (
        {"source": "tiny-pictures"},
        "conflict",
        "source",
    ),
    (
        {"method": "wrn", "freeze": ["key"]},
        "conflict",
        "backbone",
    ),
]


@pytest.mark.parametrize(("settings", "kind", "key"), SETTINGS)
def test_names_and_numbers_before_weights(settings, kind, key, make_task, tmp_path, refuses):
    """There is no such backbone, and nobody gets as far as looking for it."""
    with refuses(kind, key):
        fit(make_task(), backbone="./none", out=tmp_path / "run", **SHORT | settings)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("backbone", "settings", "kind", "key"),
    [
        ("none", {}, "unknown", "none"),
        ("swin-mirco", {}, "unknown", "swin-mirco"),
        ("./none", {}, "file", "./none"),
        (
            "swin",
            {"method": "pare", "source": "tiny-texts"},
            "conflict",
            "source",
        ),
        (
            "words",
            {"method": "pare", "source": "tiny-pictures"},
            "conflict",
            "source",
        ),
        (
            "bert",
            {"method": "pare", "source": "tiny-texts"},
            "file",
            "bert",
        ),
        ("bert", {"embedder": "picture"}, "conflict", "embedder"),
    ],
)
def test_what_does_not_fit_together(backbone, settings, kind, key, make_task, backbones, tmp_path, refuses):
    upto = "the hub gave nothing:" if kind == "unknown" else ""
    with refuses(kind, backbones.get(key, key), upto=upto):
        fit(make_task(), backbone=backbones.get(backbone, backbone), out=tmp_path / "run", **SHORT | settings)
    assert not (tmp_path / "run").exists()


def test_a_mask_needs_tokens_in_its_own_dimensions(make_task, backbones, tmp_path, refuses):
    with refuses("conflict", "embedder"):
        fit(
            make_task("segmentation"),
            backbone=backbones["swin"],
            embedder="picture",
            out=tmp_path / "run",
            **SHORT,
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("damage", [b"", b"not safetensors", None])
def test_damaged_backbones(damage, make_task, backbones, tmp_path, refuses):
    weights = tmp_path / "swin" / "model.safetensors"
    weights.parent.mkdir()
    for name in ("config.json", "model.safetensors"):
        (tmp_path / "swin" / name).write_bytes((weights.parents[2] / backbones["swin"] / name).read_bytes())
    weights.write_bytes(weights.read_bytes()[:-100] if damage is None else damage)
    with refuses("file", weights, upto="is damaged"):
        fit(make_task(), backbone=tmp_path / "swin", out=tmp_path / "run", **SHORT)
    assert not (tmp_path / "run").exists()


def test_numpy_numbers_are_numbers(make_task, backbones, tmp_path):
    settings = SHORT | {"seed": np.int64(2), "lr": np.float32(0.5), "epochs": np.int32(1)}
    run = fit(make_task(), backbone=backbones["vit"], out=tmp_path / "run", **settings)
    assert (run.config.seed, run.config.optim.lr) == (2, 0.5)


@pytest.mark.parametrize("folder", ["/proc/isthmus", "/dev/null", "/dev/null/run"])
def test_folders_that_cannot_be_written_to(folder, make_task, backbones, refuses):
    with refuses("file", folder):
        fit(make_task(), backbone=backbones["vit"], out=folder, **SHORT)
