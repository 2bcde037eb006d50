"""Pictures of another size than the configuration's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import SwinConfig, Swinv2Config

from isthmus.backbones import describe_backbone, load_backbone, new_backbone

SMALL = {"patch_size": 2, "embed_dim": 4, "depths": [1, 1], "num_heads": [1, 2], "window_size": 2}


@pytest.mark.parametrize("config", [SwinConfig, Swinv2Config])
def test_swin_reads_any_size_that_fits_its_windows(config: Any, tmp_path: Path) -> None:
    new_backbone(config(image_size=16, **SMALL), 0).save_pretrained(tmp_path / "native")
    larger = load_backbone(tmp_path / "native", 24)
    assert (larger.image_size, larger.grid, larger.feature_grid) == ((24, 24), (12, 12), (6, 6))
    pixels = torch.randn(1, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    features = larger.encode(larger.embed(pixels))
    torch.testing.assert_close(features, larger.model(pixels).last_hidden_state)
    larger.save_pretrained(tmp_path / "larger")
    again = load_backbone(tmp_path / "larger")
    assert again.image_size == (24, 24)
    assert torch.equal(again.encode(again.embed(pixels)), features)


@pytest.mark.parametrize("size", [18, 17])
def test_sizes_that_do_not_fit(size: int, tmp_path: Path, refuses: Callable[..., Any]) -> None:
    new_backbone(SwinConfig(image_size=16, **SMALL), 0).save_pretrained(tmp_path)
    with refuses("value", tmp_path):
        load_backbone(tmp_path, size)


def test_positions_that_are_made_for_one_size(
    make_backbone: Callable[..., Any], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    for family in ("swin-absolute", "vit", "dinov2"):
        backbone = make_backbone(family)
        backbone.save_pretrained(tmp_path / family)
        with refuses("conflict", "image_size"):
            load_backbone(tmp_path / family, 100)


def test_the_native_size_always_fits(make_backbone: Callable[..., Any], tmp_path: Path) -> None:
    make_backbone("dinov2").save_pretrained(tmp_path)
    native = load_backbone(tmp_path).image_size
    assert load_backbone(tmp_path, native[0]).image_size == native
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"image_size": native[0]}))
    assert load_backbone(tmp_path, native[0]).image_size == native


def test_texts_have_no_size(
    make_backbone: Callable[..., Any], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    make_backbone("bert").save_pretrained(tmp_path)
    with refuses("conflict", "image_size"):
        load_backbone(tmp_path, 64)


@pytest.mark.parametrize("size", [0, -8])
def test_sizes_that_are_none(
    make_backbone: Callable[..., Any], tmp_path: Path, size: int, refuses: Callable[..., Any]
) -> None:
    for family in ("swin", "convnext", "efficientnet-lite"):
        make_backbone(family).save_pretrained(tmp_path / family)
        with refuses("value", "image_size"):
            load_backbone(tmp_path / family, size)


def test_a_named_backbone_recommends_one(tmp_path: Path) -> None:
    assert describe_backbone("efficientnet-lite0").image_size == 128
    assert load_backbone("efficientnet-lite0").image_size == (128, 128)
    wide = load_backbone("efficientnet-lite0", 96)
    assert (wide.image_size, wide.stage_grids and wide.stage_grids[-1]) == ((96, 96), (3, 3))
    wide.save_pretrained(tmp_path)
    assert load_backbone(tmp_path).image_size == (96, 96)
