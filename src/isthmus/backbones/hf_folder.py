"""Backbones from Hugging Face folders: a configuration and safetensors, checked against each other."""

import json
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from isthmus.backbones.backbone import Backbone, families
from isthmus.backbones.hf_logging import silence_hugging_face
from isthmus.errors import InputError, unknown

UNUSED = re.compile(
    r"(mask_token|position_ids|token_type_ids|relative_position_index|relative_coords_table)$"
)
"""Tensors inside of embeddings and encoders that some checkpoints carry and no encoder needs"""


def read_backbone(folder: str | Path, name: str) -> Backbone:
    """The backbone in a folder with `config.json` and `model.safetensors`, its weights as float32.

    The weights may come from a model with a head (classifier, masked language or image model, pooler):
    the head is left out. Never reads pickled weights.

    Args:
        folder: local.
        name: what the user calls it.

    Raises:
        InputError: if a file is missing or damaged, the model type is unknown, or the weights are of another
            model than the configuration describes.
    """
    folder = Path(folder)
    config = _read_config(folder)
    family = families[config.model_type]
    _check_buildable(family, config, folder)
    weights = _read_weights(folder)
    with silence_hugging_face():
        model, info = family.model_class.from_pretrained(
            None,
            config=config,
            state_dict=weights,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,  # said below, in one line
            output_loading_info=True,
            **family.model_options,
        )
    _check_weights(model, info, folder)
    return family(model, name, folder)


def _read_config(folder: Path) -> PreTrainedConfig:
    path = folder / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"'{folder}' holds no backbone: config.json is missing") from None
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' cannot be read: {_line(error)}") from None
    kind = values.get("model_type") if isinstance(values, dict) else None
    if not isinstance(kind, str):
        raise InputError(f"'{path}' names no model_type; it is not a Hugging Face configuration")
    if kind not in families:
        raise InputError(f"'{path}': {unknown('model type', kind, families)}")
    family = families[kind]
    try:
        with silence_hugging_face():
            config: PreTrainedConfig = family.model_class.config_class.from_dict(values)
    except Exception as error:  # each configuration class checks in its own way
        raise InputError(f"'{path}' is no {kind} configuration: {_line(error)}") from None
    return config


def _check_buildable(family: type[Backbone], config: PreTrainedConfig, folder: Path) -> None:
    """Raise InputError if no model can be built from the configuration; costs no memory."""
    try:
        with silence_hugging_face(), torch.device("meta"):
            family.new_model(config, seed=0)
    except Exception as error:  # each model class fails in its own way
        raise InputError(f"'{folder / 'config.json'}' describes no model: {_line(error)}") from None


def _read_weights(folder: Path) -> dict[str, Tensor]:
    """All tensors of `model.safetensors`, or of its shards."""
    files = [folder / "model.safetensors"]
    if not files[0].exists():
        files = sorted(folder.glob("model-*-of-*.safetensors"))
    if not files:
        pickled = next(folder.glob("*.bin"), None)
        found = f"; '{pickled.name}' is a pickle, which is never loaded: convert it" if pickled else ""
        raise InputError(f"'{folder}' holds no backbone: model.safetensors is missing{found}")
    weights = {}
    for file in files:
        try:
            weights.update(load_file(file))
        except (SafetensorError, OSError) as error:
            raise InputError(f"'{file}' is damaged: {_line(error)}") from None
    return weights


def _check_weights(model: PreTrainedModel, info: dict[str, Any], folder: Path) -> None:
    """Raise InputError unless the weights are just the model's; what lies outside the encoder is a head."""
    complaint = f"the weights in '{folder}' do not fit its config.json: "
    for name, found, expected in sorted(info["mismatched_keys"]):
        raise InputError(f"{complaint}'{name}' is {list(found)}, expected {list(expected)}")
    missing = sorted(info["missing_keys"])
    if missing:
        raise InputError(f"{complaint}'{missing[0]}' is missing, and {len(missing) - 1} more")
    parts = tuple(f"{name}." for name, _ in model.named_children())
    names = (key.removeprefix(f"{model.base_model_prefix}.") for key in info["unexpected_keys"])
    foreign = sorted(name for name in names if name.startswith(parts) and not UNUSED.search(name))
    if foreign:
        raise InputError(f"{complaint}'{foreign[0]}' is foreign, and {len(foreign) - 1} more")


def _line(error: Exception) -> str:
    """An error's message in one line."""
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
