"""Backbones by name: registered ones, local Hugging Face folders, and models on the hub."""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from isthmus.backbones.backbone import (
    DENSE_SOURCES,
    Backbone,
    families,
    silence_hugging_face,
)
from isthmus.backbones.registry import named
from isthmus.config.plain_text import read_json
from isthmus.errors import InputError, unknown
from isthmus.files import check_path
from isthmus.hub import download
from isthmus.precision import single_precision

CONFIG = "config.json"
HUB_FILES = (
    CONFIG,
    "model*.safetensors",
    "preprocessor_config.json",
    "tokenizer*",
    "vocab.*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
)
LAYERS = re.compile(r"(layers|depths|blocks)$")
MOST_LAYERS = 1000
MOST_PIXELS = 2**13
"""Greatest height and width of pictures"""
UNUSED = re.compile(
    r"(mask_token|position_ids|token_type_ids|relative_position_index|relative_coords_table)$"
)
"""Tensors inside of embeddings and encoders that some checkpoints carry and no encoder needs."""


@dataclass(frozen=True)
class BackboneInfo:
    """What is known of a backbone before its weights are loaded.

    Attributes:
        modality: "image" or "text".
        default_source: Name of the source of that modality.
        learning_rate: Recommended learning rate for fine-tuning.
        readout: Recommended readout: `last` or `stages`.
        image_size: Recommended height and width of pictures; None for the configuration's, and for text.
        lr_scale: Recommended factors on the learning rate, by part of the network.
    """

    modality: str
    default_source: str
    learning_rate: float
    readout: str = "last"
    image_size: int | None = None
    lr_scale: Mapping[str, float] = field(default_factory=dict)


def default_source(backbone: Backbone | BackboneInfo, size: tuple[int, ...]) -> str:
    """Return the name of the source that suits a backbone and targets whose positions have a size.

    Args:
        backbone: Backbone, or what is known of it.
        size: Size of a target's positions; () where a sample has one target.
    """
    dense = DENSE_SOURCES.get(backbone.modality) if size else None
    return dense or backbone.default_source


@single_precision()
def load_backbone(name_or_folder: str | Path, image_size: int | None = None) -> Backbone:
    """Load a pretrained backbone, in evaluation mode, its weights as float32.

    The weights may come from a model with a head (classifier, masked language or image model, pooler):
    the head is left out. Pickled weights are never read.

    Args:
        name_or_folder: Name in `named`, local folder with config.json and model.safetensors, or name on
            the Hugging Face hub.
        image_size: Height and width of the pictures that it shall read; None for what is recommended, or
            else the configuration's.

    Raises:
        InputError: If there is none, a file is missing or damaged, the model type is unknown, the weights
            are of another model than the configuration describes, or it takes no pictures of that size.
    """
    if isinstance(name_or_folder, str) and name_or_folder in named:
        return copy.deepcopy(_load_named(name_or_folder, named[name_or_folder].folder(), image_size))
    return _load(find_folder(name_or_folder), str(name_or_folder), image_size)


@lru_cache(maxsize=4)  # a choice of settings asks for the same one again and again
def _load_named(name: str, folder: Path, image_size: int | None) -> Backbone:
    """Load a registered backbone from its folder, with its recommended settings."""
    entry = named[name]
    backbone = _load(folder, name, entry.image_size if image_size is None else image_size)
    backbone.learning_rate, backbone.lr_scale = entry.learning_rate, entry.lr_scale
    backbone.readout = entry.readout
    return backbone


def _load(folder: Path, name: str, image_size: int | None) -> Backbone:
    """Load the backbone in a Hugging Face folder."""
    config = read_config(folder)
    family = families[config.model_type]
    if image_size is not None:
        _set_image_size(config, family, image_size, name)
    weights = read_weights(folder)
    _check_size(config, weights, folder)
    with silence_hugging_face():
        model, info = family.model_class.from_pretrained(
            None,
            config=config,
            state_dict=weights,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,  # reported by `_check_weights`, in one line
            output_loading_info=True,
            **family.model_options,
        )
    _check_weights(model, info, folder)
    return family(model, name, folder)


def describe_backbone(name_or_folder: str | Path) -> BackboneInfo:
    """Describe a backbone without loading its weights; of a model on the hub only config.json is downloaded.

    Args:
        name_or_folder: Name or folder, as for `load_backbone`.

    Raises:
        InputError: If there is none, or its config.json is missing, damaged or of an unknown model type.
    """
    if isinstance(name_or_folder, str) and name_or_folder in named:
        entry = named[name_or_folder]
        return BackboneInfo(
            entry.modality,
            entry.default_source,
            entry.learning_rate,
            entry.readout,
            entry.image_size,
            entry.lr_scale,
        )
    family = families[read_config(find_folder(name_or_folder, [CONFIG])).model_type]
    return BackboneInfo(family.modality, family.default_source, family.learning_rate, family.readout)


def find_folder(name_or_folder: str | Path, files: Sequence[str] = HUB_FILES) -> Path:
    """Find a local folder, or the local copy of a model on the hub.

    Args:
        name_or_folder: Local folder, or name on the Hugging Face hub.
        files: Patterns of the files to download if it is on the hub.

    Raises:
        InputError: If there is none.
    """
    name = str(name_or_folder)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    is_path = isinstance(name_or_folder, Path) or folder.is_absolute() or name.startswith(".")
    if is_path or folder.exists():
        raise InputError(
            f"there is no folder '{name}'; give a folder with config.json and model.safetensors",
            kind="file",
            key=name,
        )
    return hub_folder(name, files)


def hub_folder(name: str, files: Sequence[str] = HUB_FILES) -> Path:
    """Return the local copy of a model on the Hugging Face hub; missing files are downloaded.

    Raises:
        InputError: If it is neither on this machine nor on a hub in reach.
    """
    try:
        return download(name, files)
    except InputError as error:
        known = unknown("backbone", name, named)
        raise InputError(f"{known}; or give a local folder; {error}", kind="unknown", key=name) from None


def read_config(folder: Path) -> PreTrainedConfig:
    """Read the configuration in a Hugging Face folder, and check that a model can be built from it.

    Raises:
        InputError: If it is missing, damaged, of an unknown model type, or describes no model.
    """
    path = folder / CONFIG
    if not path.exists():
        raise InputError(f"'{folder}' holds no backbone: config.json is missing", kind="file", key=folder)
    values = read_json(path, dict[str, Any], "get it again")
    _check_layers(values, path)
    kind = values.get("model_type")
    if not isinstance(kind, str):
        raise InputError(
            f"'{path}' names no model_type; it is not a Hugging Face configuration", kind="file", key=path
        )
    if kind not in families:
        raise InputError(f"'{path}': {unknown('model type', kind, families)}", kind="unknown", key=kind)
    family = families[kind]
    try:
        with silence_hugging_face():
            config: PreTrainedConfig = family.model_class.config_class.from_dict(values)
    except Exception as error:  # each configuration class checks in its own way
        raise InputError(
            f"'{path}' is no {kind} configuration: {_line(error)}", kind="file", key=path
        ) from None
    try:
        _without_memory(config)
    except Exception as error:  # each model class fails in its own way
        raise InputError(f"'{path}' describes no model: {_line(error)}", kind="file", key=path) from None
    return config


def _check_layers(values: Mapping[str, Any], path: Path) -> None:
    """Raise InputError if there are so many layers that even a network without weights takes too long."""
    for name, value in values.items():
        counts = value if isinstance(value, list) else [value]
        if LAYERS.search(name) and any(isinstance(count, int) and count > MOST_LAYERS for count in counts):
            raise InputError(
                f"'{path}' describes no model: {name} is {value}; at most {MOST_LAYERS} layers are right",
                kind="file",
                key=path,
            )


def _check_size(config: PreTrainedConfig, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Raise InputError if a configuration describes more weights than there are, before memory is taken."""
    described, found = (
        sum(map(Tensor.numel, some)) for some in (_without_memory(config).parameters(), weights.values())
    )
    if described > found:
        raise InputError(
            f"the weights in '{folder}' do not fit its config.json: it describes {described:,} numbers, and "
            f"there are {found:,}",
            kind="file",
            key=folder,
        )


def _without_memory(config: PreTrainedConfig) -> PreTrainedModel:
    """Build the model of a configuration with weights that have a shape and no memory."""
    family = families[config.model_type]
    with silence_hugging_face(), torch.random.fork_rng(devices=[]), torch.device("meta"):
        model: PreTrainedModel = family.model_class(copy.deepcopy(config), **family.model_options)
    return model


def _set_image_size(config: Any, family: type[Backbone], size: int, name: str) -> None:
    """Let a configuration describe a model for pictures of another size; raise InputError if it cannot."""
    if not 1 <= size <= MOST_PIXELS:
        raise InputError(f"image_size must be 1 to {MOST_PIXELS}, not {size}", key="image_size")
    if family.modality != "image":
        raise InputError(f"'{name}' reads text, which has no image_size", kind="conflict", key="image_size")
    native = getattr(config, "image_size", None)
    if native in (size, [size, size], (size, size)):
        return
    if not family.any_size or getattr(config, "use_absolute_embeddings", False):
        raise InputError(
            f"'{name}' reads pictures of image_size={native}, which its position embeddings are made for;"
            f" leave image_size={size} out",
            kind="conflict",
            key="image_size",
        )
    config.image_size = size


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Read all tensors of `model.safetensors`, or of its shards."""
    files = [folder / "model.safetensors"]
    if not files[0].exists():
        files = sorted(folder.glob("model-*-of-*.safetensors"))
    if not files:
        pickled = next(folder.glob("*.bin"), None)
        found = f"; '{pickled.name}' is a pickle, which is never loaded: convert it" if pickled else ""
        raise InputError(
            f"'{folder}' holds no backbone: model.safetensors is missing{found}", kind="file", key=folder
        )
    weights = {}
    for file in files:
        check_path(file)
        try:
            weights.update(load_file(file))
        except (SafetensorError, OSError) as error:
            raise InputError(f"'{file}' is damaged: {_line(error)}", kind="file", key=file) from None
    return weights


def _check_weights(model: PreTrainedModel, info: dict[str, Any], folder: Path) -> None:
    """Raise InputError unless the weights are just the model's; those outside of the encoder are a head."""
    complaint = f"the weights in '{folder}' do not fit its config.json: "
    for name, found, expected in sorted(info["mismatched_keys"]):
        raise InputError(
            f"{complaint}'{name}' is {list(found)}, expected {list(expected)}", kind="file", key=folder
        )
    missing = sorted(info["missing_keys"])
    if missing:
        raise InputError(
            f"{complaint}'{missing[0]}' is missing, and {len(missing) - 1} more", kind="file", key=folder
        )
    parts = tuple(f"{name}." for name, _ in model.named_children())
    names = (key.removeprefix(f"{model.base_model_prefix}.") for key in info["unexpected_keys"])
    foreign = sorted(name for name in names if name.startswith(parts) and not UNUSED.search(name))
    if foreign:
        raise InputError(
            f"{complaint}'{foreign[0]}' is foreign, and {len(foreign) - 1} more", kind="file", key=folder
        )
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise InputError(
                f"the weights in '{folder}' are damaged: '{name}' holds NaN or infinity",
                kind="file",
                key=folder,
            )


def _line(error: Exception) -> str:
    """Return an error's message in one line."""
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
