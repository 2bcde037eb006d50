"""The recipe of the embedded backbone, made short."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from isthmus.backbones import load_backbone, new_backbone, swin_micro_config
from isthmus.training.checkpoints import CONFIG_KEY, PARTS, SafetensorsIO
from isthmus.training.pretrain import PretrainingModule, pretrain

SHORT: dict[str, Any] = {"classes": 1, "each": 8, "epochs": 2, "batch_size": 8, "seed": 5}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_backbone(folder).state_dict()


@pytest.mark.slow
def test_cut_off_and_resumed_ends_bitwise_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    accuracy = pretrain(tmp_path / "whole", **SHORT)
    assert 0 <= accuracy <= 1
    fresh = new_backbone(swin_micro_config(), SHORT["seed"]).state_dict()
    whole = weights(tmp_path / "whole")
    assert any(not torch.equal(whole[name], fresh[name]) for name in whole)

    step = PretrainingModule.training_step

    def cut_off(self: PretrainingModule, batch: torch.Tensor, index: int) -> torch.Tensor:
        if self.current_epoch == 1 and index == 2:
            raise RuntimeError("cut off")
        return step(self, batch, index)

    monkeypatch.setattr(PretrainingModule, "training_step", cut_off)
    with pytest.raises(RuntimeError, match="cut off"):
        pretrain(tmp_path / "parts", **SHORT)
    monkeypatch.undo()
    with refuses("conflict", tmp_path / "parts"):
        pretrain(tmp_path / "parts", **SHORT)
    pretrain(tmp_path / "parts", **SHORT, resume=True)
    parts = weights(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1),
        ("classes", 0),
        ("each", 0),
        ("epochs", -1),
        ("epochs", 0),
        ("batch_size", 0),
        ("batch_size", 33),
        ("lr", 0.0),
        ("lr", float("nan")),
        ("lr", float("inf")),
        ("weight_decay", -0.1),
        ("warmup", 1.0),
        ("warmup", -0.1),
        ("clip", 0.0),
        ("each", 10**9),
        ("classes", "many"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_drawn(
    name: str, value: Any, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    keys = {
        "each": "each" if value else "recipe.each",
        "batch_size": "batch_size" if value else "recipe.batch_size",
    }
    with refuses("value", keys.get(name, f"recipe.{name}")):
        pretrain(tmp_path / "out", **SHORT | {name: value})
    assert list(tmp_path.iterdir()) == []


def begun(folder: Path, **changes: Any) -> None:
    (folder / "training").mkdir(parents=True)
    settings = {**SHORT, "lr": 1e-3, "weight_decay": 0.05, "warmup": 0.03, "clip": 1.0}
    (folder / "training" / "settings.json").write_text(json.dumps(settings | changes))


def test_another_training_is_not_gone_on_with(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    begun(tmp_path / "out", lr=2e-3)
    with refuses("conflict", "lr"):
        pretrain(tmp_path / "out", **SHORT, resume=True)
    with refuses("conflict", tmp_path / "out"):
        pretrain(tmp_path / "out", **SHORT)


def test_a_checkpoint_of_another_training_is_not_gone_on_with(
    tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    begun(tmp_path / "out")
    tree = dict.fromkeys(PARTS) | {CONFIG_KEY: {**SHORT, "seed": 6}}
    SafetensorsIO().save_checkpoint(tree, tmp_path / "out" / "training" / "last.safetensors")
    with refuses("conflict", "seed"):
        pretrain(tmp_path / "out", **SHORT, resume=True)


@pytest.mark.parametrize("name", ["mine.txt", "training/log.txt", "config.json"])
def test_a_folder_of_something_else_is_left_alone(
    name: str, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    (tmp_path / "out" / name).write_text("mine")
    with refuses("conflict", tmp_path / "out"):
        pretrain(tmp_path / "out", **SHORT, resume=True)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [Path(name).name]
