"""The recipe of the embedded backbone, made short."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from isthmus.backbones import load_backbone, new_backbone, swin_micro_config
from isthmus.training.pretrain import PretrainingModule, pretrain

pytestmark = pytest.mark.slow

SHORT: dict[str, Any] = {"classes": 1, "each": 8, "epochs": 2, "batch_size": 8, "seed": 5}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_backbone(folder).state_dict()


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
