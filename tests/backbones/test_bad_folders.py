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
from isthmus.errors import InputError


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


def complaint(folder: Path) -> str:
    with pytest.raises(InputError) as error:
        load_backbone(folder)
    message = str(error.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def change_config(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def test_the_sound_one_loads(folder: Path) -> None:
    assert load_backbone(str(folder)).family == "bert"


def test_no_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert complaint(folder) == f"'{folder}' holds no backbone: config.json is missing"


@pytest.mark.parametrize("text", ["", "{", "\x00\x01", '{"a": 1,}'])
def test_config_is_not_json(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    assert "config.json' cannot be read: " in complaint(folder)


@pytest.mark.parametrize("text", ["{}", "[]", '"bert"', '{"model_type": ["bert"]}', '{"model_type": 3}'])
def test_config_of_something_else(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    assert "names no model_type" in complaint(folder)


@pytest.mark.parametrize("kind", ["bort", "vitt"])
def test_unknown_model_type(folder: Path, kind: str) -> None:
    change_config(folder, model_type=kind)
    known = "known: bert, deit, dinov2, roberta, swin, swinv2, vit"
    nearest = {"bort": "bert", "vitt": "vit"}[kind]
    assert complaint(folder).endswith(f"unknown model type '{kind}'; did you mean '{nearest}'? {known}")


@pytest.mark.parametrize(
    "values",
    [{"num_attention_heads": 7}, {"hidden_size": "wide"}, {"hidden_size": -4}, {"hidden_act": "bent"}],
)
def test_config_of_no_possible_model(folder: Path, values: dict[str, Any]) -> None:
    change_config(folder, **values)
    assert "config.json'" in complaint(folder)


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, 0.99])
def test_truncated_weights(folder: Path, kept: float) -> None:
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    assert "model.safetensors' is damaged: " in complaint(folder)


def test_weights_that_are_not_safetensors(folder: Path) -> None:
    torch.save({"a": torch.zeros(2)}, folder / "model.safetensors")
    assert "is damaged" in complaint(folder)


def test_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert complaint(folder) == f"'{folder}' holds no backbone: model.safetensors is missing"


def test_pickles_are_never_loaded(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert complaint(folder).endswith("'pytorch_model.bin' is a pickle, which is never loaded: convert it")


def test_a_missing_tensor(folder: Path) -> None:
    change_weights(folder, lambda weights: weights.pop("encoder.layer.0.output.dense.weight"))
    assert complaint(folder).endswith("'encoder.layer.0.output.dense.weight' is missing, and 0 more")


def test_a_tensor_of_another_shape(folder: Path) -> None:
    name = "embeddings.LayerNorm.weight"
    width = len(load_file(folder / "model.safetensors")[name])
    change_weights(folder, lambda weights: weights.update({name: torch.ones(width + 1)}))
    assert complaint(folder).endswith(f"'{name}' is [{width + 1}], expected [{width}]")


def test_weights_of_a_deeper_model(folder: Path) -> None:
    """All that the configuration asks for is there; it is another model all the same."""
    change_config(folder, num_hidden_layers=1)
    message = complaint(folder)
    assert "do not fit its config.json: 'encoder.layer.1." in message
    assert "is foreign" in message


def test_weights_of_a_shallower_model(folder: Path) -> None:
    change_config(folder, num_hidden_layers=3)
    message = complaint(folder)
    assert "'encoder.layer.2." in message
    assert "is missing" in message


def test_weights_of_another_family(folder: Path, make_backbone: Callable[..., Any]) -> None:
    make_backbone("swin").save_pretrained(folder.parent / "swin")
    shutil.copy(folder.parent / "swin" / "model.safetensors", folder)
    assert "is missing, and" in complaint(folder)


def test_a_missing_shard(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    half = {name: weights[name] for name in sorted(weights)[::2]}
    save_file(half, folder / "model-00001-of-00002.safetensors")
    assert "is missing, and" in complaint(folder)


def test_a_damaged_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")
    assert "the tokenizer in" in complaint(folder)


@pytest.mark.parametrize("place", ["nowhere", "folder/config.json"])
def test_no_such_folder(folder: Path, place: str) -> None:
    missing = folder.parent / place
    assert complaint(missing).startswith(f"there is no folder '{missing}'")
    with pytest.raises(InputError, match="there is no folder"):
        load_backbone(str(missing))
