"""Checkpoints in one safe file each: tensors as safetensors, everything else as JSON in its header."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from isthmus.errors import InputError
from isthmus.files import atomic_write, check_path

CONFIG_KEY = "isthmus"
"""Key of the run's settings in a checkpoint"""


HASH_KEY = "sha256"
"""Key of the hash of everything but the tensors, which earlier versions did not write"""

PARTS = {"state_dict", "optimizer_states", "lr_schedulers", "loops", "callbacks", "epoch", "global_step"}
"""What a training needs to go on as if it had not been cut off"""


class SafetensorsIO(CheckpointIO):
    """Writer and reader of the trainer's checkpoints, without pickle, whole or not at all."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a tree of dicts, lists, numbers, strings and tensors."""
        tensors: dict[str, Tensor] = {}
        tree = json.dumps(_flatten(checkpoint, tensors))
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(Path(path)) as beside:
            save_file(tensors, beside, metadata={"tree": tree, HASH_KEY: hash_of(tree)})

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read what `save_checkpoint` wrote.

        Raises:
            InputError: If the file is damaged or something else.
        """
        with _one_line_on_damage(Path(path)), safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            checkpoint: dict[str, Any] = _restore(_tree(file.metadata()), tensors)
        return checkpoint

    def remove_checkpoint(self, path: Any) -> None:
        """Delete the file."""
        Path(path).unlink(missing_ok=True)


def _flatten(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Return the tree as JSON: a tensor is {"tensor": name}, a dict a list of pairs (keys may be numbers)."""
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


def _tree(metadata: Mapping[str, str]) -> Any:
    """Return what a file holds beside its tensors; raise ValueError if it is not what was written."""
    text = metadata["tree"]
    if HASH_KEY in metadata and metadata[HASH_KEY] != hash_of(text):
        raise ValueError("it has changed")
    return json.loads(text)


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def saved_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read the network's weights from a checkpoint.

    Raises:
        InputError: If the file is damaged or something else.
    """
    state = SafetensorsIO().load_checkpoint(path)["state_dict"]
    return {name.removeprefix("net."): value for name, value in state.items() if name.startswith("net.")}


def saved_config(path: Path) -> dict[str, Any]:
    """Read the settings of the run that a checkpoint is of, without its tensors.

    Raises:
        InputError: If the file is damaged or something else.
    """
    with _one_line_on_damage(path), safe_open(path, framework="pt") as file:
        parts = dict(_tree(file.metadata())["pairs"])
        if missing := PARTS - parts.keys():
            raise KeyError(*missing)
        config: dict[str, Any] = _restore(parts[CONFIG_KEY], {})
    return config


@contextmanager
def _one_line_on_damage(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong in reading a checkpoint into one line."""
    if path.exists():
        check_path(path)
    try:
        yield
    except (SafetensorError, OSError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise InputError(
            f"'{path}' is damaged or no checkpoint; remove the folder '{path.parent}' to start the run anew",
            kind="file",
            key=path,
        ) from None
