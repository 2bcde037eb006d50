"""Every damaged or foreign folder is one line that says what is wrong and where."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from isthmus.backbones import load_backbone


@pytest.fixture(scope="module")
def sound(make_backbone: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound two-layer BERT."""
    folder = tmp_path_factory.mktemp("sound")
    drawn = (make_backbone("bert", seed) for seed in range(99))
    next(backbone for backbone in drawn if backbone.config.num_hidden_layers == 2).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "folder")


def change_config(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def test_the_sound_one_loads(folder: Path) -> None:
    assert load_backbone(str(folder)).family == "bert"


def test_no_config(folder: Path, refuses: Callable[..., Any]) -> None:
    (folder / "config.json").unlink()
    with refuses("file", folder):
        load_backbone(folder)


@pytest.mark.parametrize("text", ["", "{", "\x00\x01", '{"a": 1,}'])
def test_config_is_not_json(folder: Path, text: str, refuses: Callable[..., Any]) -> None:
    (folder / "config.json").write_text(text)
    with refuses("file", folder / "config.json", upto="is damaged:"):
        load_backbone(folder)


@pytest.mark.parametrize("text", ["{}", "[]", '"bert"', '{"model_type": ["bert"]}', '{"model_type": 3}'])
def test_config_of_something_else(folder: Path, text: str, refuses: Callable[..., Any]) -> None:
    (folder / "config.json").write_text(text)
    with refuses("file", folder / "config.json"):
        load_backbone(folder)


@pytest.mark.parametrize("kind", ["bort", "vitt"])
def test_unknown_model_type(folder: Path, kind: str, refuses: Callable[..., Any]) -> None:
    change_config(folder, model_type=kind)
    with refuses("unknown", kind):
        load_backbone(folder)


@pytest.mark.parametrize(
    ("values", "upto"),
    [
        ({"num_attention_heads": 7}, "describes no model:"),
        ({"hidden_size": "wide"}, "is no bert configuration:"),
        ({"hidden_size": -4}, "describes no model:"),
        ({"hidden_act": "bent"}, "describes no model:"),
    ],
)
def test_config_of_no_possible_model(
    folder: Path, values: dict[str, Any], upto: str, refuses: Callable[..., Any]
) -> None:
    change_config(folder, **values)
    with refuses("file", folder / "config.json", upto=upto):
        load_backbone(folder)


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, 0.99])
def test_truncated_weights(folder: Path, kept: float, refuses: Callable[..., Any]) -> None:
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    with refuses("file", path, upto="is damaged:"):
        load_backbone(folder)


def test_weights_that_are_not_safetensors(folder: Path, refuses: Callable[..., Any]) -> None:
    torch.save({"a": torch.zeros(2)}, folder / "model.safetensors")
    with refuses("file", folder / "model.safetensors", upto="is damaged:"):
        load_backbone(folder)


def test_no_weights(folder: Path, refuses: Callable[..., Any]) -> None:
    (folder / "model.safetensors").unlink()
    with refuses("file", folder):
        load_backbone(folder)


def test_pickles_are_never_loaded(folder: Path, refuses: Callable[..., Any]) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with refuses("file", folder):
        load_backbone(folder)


def test_a_missing_tensor(folder: Path, refuses: Callable[..., Any]) -> None:
    change_weights(folder, lambda weights: weights.pop("encoder.layer.0.output.dense.weight"))
    with refuses("file", folder):
        load_backbone(folder)


def test_a_tensor_of_another_shape(folder: Path, refuses: Callable[..., Any]) -> None:
    name = "embeddings.LayerNorm.weight"
    width = len(load_file(folder / "model.safetensors")[name])
    change_weights(folder, lambda weights: weights.update({name: torch.ones(width + 1)}))
    with refuses("file", folder):
        load_backbone(folder)


def test_weights_of_a_deeper_model(folder: Path, refuses: Callable[..., Any]) -> None:
    """All that the configuration asks for is there; it is another model all the same."""
    change_config(folder, num_hidden_layers=1)
    with refuses("file", folder):
        load_backbone(folder)


def test_weights_of_a_shallower_model(folder: Path, refuses: Callable[..., Any]) -> None:
    change_config(folder, num_hidden_layers=3)
    with refuses("file", folder):
        load_backbone(folder)


def test_weights_of_another_family(
    folder: Path, make_backbone: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    make_backbone("swin").save_pretrained(folder.parent / "swin")
    shutil.copy(folder.parent / "swin" / "model.safetensors", folder)
    with refuses("file", folder):
        load_backbone(folder)


@pytest.mark.parametrize("family", ["efficientnet-lite", "resnet", "convnext"])
@pytest.mark.parametrize("other", ["efficientnet-lite", "resnet", "convnext", "bert"])
def test_weights_of_another_convolutional_family(
    make_backbone: Callable[..., Any], tmp_path: Path, family: str, other: str, refuses: Callable[..., Any]
) -> None:
    make_backbone(family).save_pretrained(tmp_path / family)
    make_backbone(other, 1).save_pretrained(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "model.safetensors", tmp_path / family)
    with refuses("file", tmp_path / family):
        load_backbone(tmp_path / family)


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("efficientnet-lite", "stages.0.0.layers.0.norm.running_mean"),
        ("resnet", "embedder.embedder.normalization.running_var"),
        ("convnext", "embeddings.layernorm.weight"),
    ],
)
def test_a_missing_tensor_of_convolutions(
    make_backbone: Callable[..., Any], tmp_path: Path, family: str, name: str, refuses: Callable[..., Any]
) -> None:
    make_backbone(family).save_pretrained(tmp_path)
    change_weights(tmp_path, lambda weights: weights.pop(name))
    with refuses("file", tmp_path):
        load_backbone(tmp_path)


@pytest.mark.parametrize(
    "values", [{"strides": []}, {"kernels": "3"}, {"widths": [-4]}, {"stem_width": -1}, {"repeats": [1] * 9}]
)
def test_config_of_no_possible_efficientnet_lite(
    make_backbone: Callable[..., Any], tmp_path: Path, values: dict[str, Any], refuses: Callable[..., Any]
) -> None:
    make_backbone("efficientnet-lite", 1).save_pretrained(tmp_path)
    change_config(tmp_path, **values)
    with refuses("file", tmp_path / "config.json", upto="describes no model:"):
        load_backbone(tmp_path)


def test_a_missing_shard(folder: Path, refuses: Callable[..., Any]) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    half = {name: weights[name] for name in sorted(weights)[::2]}
    save_file(half, folder / "model-00001-of-00002.safetensors")
    with refuses("file", folder):
        load_backbone(folder)


def test_a_damaged_tokenizer(folder: Path, refuses: Callable[..., Any]) -> None:
    (folder / "tokenizer.json").write_text("{")
    with refuses("file", folder, upto="cannot be read:"):
        load_backbone(folder)


@pytest.mark.parametrize("place", ["nowhere", "folder/config.json"])
def test_no_such_folder(folder: Path, place: str, refuses: Callable[..., Any]) -> None:
    missing = folder.parent / place
    for path in (missing, str(missing)):
        with refuses("file", missing):
            load_backbone(path)
