"""Backbones by name: those known here, local folders, and the hub."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from huggingface_hub import snapshot_download

from isthmus.backbones.backbone import DEFAULT_SOURCES, Backbone
from isthmus.backbones.hf_folder import read_backbone
from isthmus.errors import InputError, unknown
from isthmus.registry import Registry

HUB_FILES = [
    "config.json",
    "model*.safetensors",
    "preprocessor_config.json",
    "tokenizer*",
    "vocab.*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
]


@dataclass(frozen=True)
class NamedBackbone:
    """A backbone that needs no hub, as `named[name]`."""

    name: str
    about: str
    """one line: what it is and what it was trained on"""
    modality: str
    load: Callable[[], Backbone] = field(repr=False)

    @property
    def default_source(self) -> str:
        """The source proxy of its modality."""
        return DEFAULT_SOURCES[self.modality]


named: Registry[NamedBackbone] = Registry("backbone", "isthmus.backbones")


def load_backbone(name_or_folder: str | Path) -> Backbone:
    """A pretrained backbone, in evaluation mode, its weights as float32.

    Args:
        name_or_folder: a name in `named`, a local folder with config.json and model.safetensors, or a
            name on the Hugging Face hub.

    Raises:
        InputError: if there is none, or it is damaged, of an unknown family, or not in safetensors.
    """
    name = str(name_or_folder)
    if isinstance(name_or_folder, str) and name in named:
        return named[name].load()
    folder = Path(name).expanduser()
    if folder.is_dir():
        return read_backbone(folder, name)
    is_path = isinstance(name_or_folder, Path) or folder.is_absolute() or name.startswith(".")
    if is_path or folder.exists():
        raise InputError(f"there is no folder '{name}'; give a folder with config.json and model.safetensors")
    return read_backbone(hub_folder(name), name)


def hub_folder(name: str) -> Path:
    """The local copy of a model on the Hugging Face hub, downloaded if it is not there yet.

    Raises:
        InputError: if it is neither here nor on a hub in reach.
    """
    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES))
    except (OSError, ValueError) as error:  # all that the hub's client raises, offline or on
        reason = (str(error) or type(error).__name__).splitlines()[0].split(". ")[0]
        known = unknown("backbone", name, named)
        raise InputError(f"{known}; or give a local folder; the hub gave nothing: {reason}") from None


@dataclass(frozen=True)
class BackboneInfo:
    modality: str
    default_source: str
    learning_rate: float


def describe_backbone(name: str) -> BackboneInfo:
    b = load_backbone(name)
    return BackboneInfo(b.modality, b.default_source, b.learning_rate)
