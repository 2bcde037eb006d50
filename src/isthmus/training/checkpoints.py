"""Checkpoints in one safe file each: tensors as safetensors, everything else as JSON in its header."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins import CheckpointIO
from lightning.pytorch.callbacks import Checkpoint
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from isthmus.errors import InputError
from isthmus.files import atomic_write

LAST, BEST = "last.safetensors", "best.safetensors"
CONFIG_KEY = "isthmus"
"""Under which a checkpoint says what run it is of"""


class SafetensorsIO(CheckpointIO):
    """Writes and reads the trainer's checkpoints without pickle, whole or not at all."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a tree of dicts, lists, numbers, strings and tensors."""
        tensors: dict[str, Tensor] = {}
        tree = json.dumps(_flatten(checkpoint, tensors))
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(Path(path)) as beside:
            save_file(tensors, beside, metadata={"tree": tree})

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read what `save_checkpoint` wrote.

        Raises:
            InputError: if the file is damaged or something else.
        """
        with _damage_said(Path(path)), safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            checkpoint: dict[str, Any] = _restore(json.loads(file.metadata()["tree"]), tensors)
        return checkpoint

    def remove_checkpoint(self, path: Any) -> None:
        """Delete the file."""
        Path(path).unlink(missing_ok=True)


class Checkpoints(Checkpoint):
    """A checkpoint after each epoch; the best on validation is kept beside the last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.best: tuple[float, float] | None = None

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save; the best first, so that the last one knows of it."""
        if "val_error" in trainer.callback_metrics:
            now = standing(trainer.callback_metrics)
            if self.best is None or now < self.best:
                self.best = now
                trainer.save_checkpoint(self.folder / BEST)
        trainer.save_checkpoint(self.folder / LAST)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where the checkpoint was written."""
        self.best = None if state_dict["best"] is None else tuple(state_dict["best"])


def standing(figures: Mapping[str, Tensor | float]) -> tuple[float, float]:
    """How good an epoch is on validation: lower is better, and the loss decides among equal errors."""
    error, loss = (float(figures[name]) for name in ("val_error", "val_loss"))
    return (math.inf if math.isnan(error) else error, math.inf if math.isnan(loss) else loss)


def _flatten(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The tree as JSON: a tensor is {"tensor": name}, a dict a list of pairs (its keys may be numbers)."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().to("cpu", copy=True).contiguous()  # a file of shared memory is refused
        return {"tensor": name}
    if isinstance(value, dict):
        return {"pairs": [[key, _flatten(item, tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_flatten(item, tensors) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a checkpoint cannot hold a {type(value).__name__}")


def _restore(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_restore(item, tensors) for item in value]
    if isinstance(value, dict):
        if "tensor" in value:
            return tensors[value["tensor"]]
        return {key: _restore(item, tensors) for key, item in value["pairs"]}
    return value


def saved_weights(path: Path) -> dict[str, torch.Tensor]:
    """The network's weights in a checkpoint.

    Raises:
        InputError: if the file is damaged or something else.
    """
    state = SafetensorsIO().load_checkpoint(path)["state_dict"]
    return {name.removeprefix("net."): value for name, value in state.items() if name.startswith("net.")}


def saved_config(path: Path) -> dict[str, Any]:
    """The description of the run that a checkpoint is of; its tensors are not read.

    Raises:
        InputError: if the file is damaged or something else.
    """
    with _damage_said(path), safe_open(path, framework="pt") as file:
        config: dict[str, Any] = _restore(dict(json.loads(file.metadata()["tree"])["pairs"])[CONFIG_KEY], {})
    return config


@contextmanager
def _damage_said(path: Path) -> Iterator[None]:
    """Whatever goes wrong in reading a checkpoint, in one line."""
    try:
        yield
    except (SafetensorError, OSError, KeyError, IndexError, TypeError, ValueError):
        raise InputError(
            f"'{path}' is damaged or no checkpoint; remove the folder '{path.parent}' to start the run anew"
        ) from None
