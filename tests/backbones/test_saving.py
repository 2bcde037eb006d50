"""Folders: what is written is read back, and Hugging Face models' folders are read too."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoModelForImageClassification,
    AutoModelForMaskedLM,
    DeiTForImageClassificationWithTeacher,
    PreTrainedConfig,
    SwinForMaskedImageModeling,
)

from isthmus.backbones import load_backbone


def weights_of(backbone: Any) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in backbone.state_dict().items()}


def assert_equal(weights: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> None:
    assert weights.keys() == others.keys()
    assert [name for name, tensor in weights.items() if not torch.equal(tensor, others[name])] == []


def test_what_is_saved_is_loaded_bitwise_equal(
    backbone: Any, saved: Path, native_input: Callable[..., torch.Tensor]
) -> None:
    again = load_backbone(saved)
    assert_equal(weights_of(again), weights_of(backbone))
    assert type(again) is type(backbone)
    assert again.name == str(saved)
    assert not again.training
    assert [p.requires_grad for p in again.parameters()] == [p.requires_grad for p in backbone.parameters()]
    inputs = native_input(backbone)
    assert torch.equal(again.encode(again.embed(inputs)), backbone.encode(backbone.embed(inputs)))


def test_it_is_a_hugging_face_folder(
    backbone: Any, saved: Path, native_input: Callable[..., torch.Tensor]
) -> None:
    inputs = native_input(backbone)
    features = AutoModel.from_pretrained(saved).eval()(inputs).last_hidden_state
    if features.dim() == 4:
        features = features.flatten(2).transpose(1, 2)
    torch.testing.assert_close(backbone.encode(backbone.embed(inputs)), features, atol=1e-5, rtol=1e-5)


def test_half_precision_on_disk_is_single_precision_in_use(backbone: Any, tmp_path: Path) -> None:
    backbone.save_pretrained(tmp_path, dtype=torch.float16)
    written = load_file(tmp_path / "model.safetensors").values()
    assert {t.dtype for t in written if t.is_floating_point()} == {torch.float16}
    again = load_backbone(tmp_path)
    assert {p.dtype for p in again.parameters()} == {torch.float32}
    weights = weights_of(backbone)
    rounded = {name: t.half().float() if t.is_floating_point() else t for name, t in weights.items()}
    assert_equal(weights_of(again), rounded)


@pytest.mark.parametrize("family", ["swin", "vit"])
def test_the_scale_of_pixels_is_kept(make_backbone: Callable[..., Any], family: str, tmp_path: Path) -> None:
    backbone = make_backbone(family)
    usual = {"swin": [0.485, 0.456, 0.406], "vit": [0.5, 0.5, 0.5]}[family]
    torch.testing.assert_close(backbone.pixel_mean, torch.tensor(usual))
    backbone.pixel_mean.copy_(torch.tensor([0.1, 0.2, 0.3]))
    backbone.save_pretrained(tmp_path)
    again = load_backbone(tmp_path)
    assert torch.equal(again.pixel_mean, backbone.pixel_mean)
    assert torch.equal(again.pixel_std, backbone.pixel_std)
    (tmp_path / "preprocessor_config.json").unlink()
    torch.testing.assert_close(load_backbone(tmp_path).pixel_mean, torch.tensor(usual))


@pytest.mark.parametrize(
    ("family", "head"),
    [
        ("swin", AutoModelForImageClassification.from_config),
        ("swin", SwinForMaskedImageModeling),
        ("vit", AutoModelForImageClassification.from_config),
        ("deit", DeiTForImageClassificationWithTeacher),
        ("dinov2", AutoModelForImageClassification.from_config),
        ("bert", AutoModelForMaskedLM.from_config),
        ("roberta", AutoModelForMaskedLM.from_config),
        ("bert", AutoModel.from_config),  # with its pooler
        ("resnet", AutoModelForImageClassification.from_config),
        ("convnext", AutoModelForImageClassification.from_config),
        ("efficientnet-lite", AutoModelForImageClassification.from_config),
    ],
)
def test_a_model_with_a_head_gives_its_encoder(
    make_backbone: Callable[..., Any],
    native_input: Callable[..., torch.Tensor],
    tmp_path: Path,
    family: str,
    head: Callable[[PreTrainedConfig], Any],
) -> None:
    backbone = make_backbone(family)
    model = head(backbone.config)
    encoder = getattr(model, model.base_model_prefix, model)
    encoder.load_state_dict(backbone.model.state_dict(), strict=False)
    model.save_pretrained(tmp_path)
    assert_equal(weights_of(load_backbone(tmp_path)), weights_of(backbone))


def test_the_mask_token_that_dinov2_was_pretrained_with_is_left_out(
    make_backbone: Callable[..., Any], tmp_path: Path
) -> None:
    backbone = make_backbone("dinov2")
    config = backbone.config
    config.use_mask_token = True
    model = AutoModel.from_config(config)
    model.save_pretrained(tmp_path)
    assert "embeddings.mask_token" in load_file(tmp_path / "model.safetensors")
    assert not any("mask" in name for name in weights_of(load_backbone(tmp_path)))


def test_weights_in_shards(backbone: Any, saved: Path) -> None:
    weights = load_file(saved / "model.safetensors")
    (saved / "model.safetensors").unlink()
    names = sorted(weights)
    for number, part in enumerate((names[::2], names[1::2]), 1):
        save_file({n: weights[n] for n in part}, saved / f"model-0000{number}-of-00002.safetensors")
    assert_equal(weights_of(load_backbone(saved)), weights_of(backbone))


def test_other_files_are_left_alone_and_old_ones_replaced(backbone: Any, saved: Path) -> None:
    (saved / "training").mkdir()
    (saved / "notes.txt").write_text("mine")
    backbone.reset(1)
    backbone.save_pretrained(saved)
    assert_equal(weights_of(load_backbone(saved)), weights_of(backbone))
    assert (saved / "notes.txt").read_text() == "mine"
    assert not [file.name for file in saved.iterdir() if file.name.startswith(".")]


def test_an_interrupted_save_leaves_no_backbone_and_no_litter(
    make_backbone: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = make_backbone("vit")
    monkeypatch.setattr(backbone, "save_preparation", lambda folder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        backbone.save_pretrained(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_config_json_comes_last(
    make_backbone: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with a configuration is complete."""
    order = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append(os.path.basename(b)), replace(a, b)))
    make_backbone("vit").save_pretrained(tmp_path)
    assert order[-1] == "config.json"
    assert "model.safetensors" in order


def test_a_file_is_no_folder(
    make_backbone: Callable[..., Any], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    (tmp_path / "taken").write_text("")
    with refuses("file", tmp_path / "taken"):
        make_backbone("bert").save_pretrained(tmp_path / "taken")


@pytest.mark.parametrize("statistics", ["{", "[]", "{}", '{"image_mean": [1, 2], "image_std": [1, 1, 1]}'])
def test_damaged_pixel_statistics(
    make_backbone: Callable[..., Any], tmp_path: Path, statistics: str, refuses: Callable[..., Any]
) -> None:
    make_backbone("vit").save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(statistics)
    with refuses("file", tmp_path / "preprocessor_config.json"):
        load_backbone(tmp_path)


def test_pixel_statistics_of_zero_width(
    make_backbone: Callable[..., Any], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    make_backbone("vit").save_pretrained(tmp_path)
    path = tmp_path / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"image_std": [1, 0, 1]}))
    with refuses("file", tmp_path / "preprocessor_config.json"):
        load_backbone(tmp_path)
