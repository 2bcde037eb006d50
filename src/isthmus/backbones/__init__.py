"""Adapters that make a Hugging Face encoder speak tokens. A new family is one file."""

from transformers import PreTrainedConfig

from isthmus.backbones.backbone import Backbone, families
from isthmus.backbones.loading import NamedBackbone, load_backbone, named
from isthmus.backbones.projection import Finish, Norm, Projection
from isthmus.backbones.swin_micro import swin_micro_config

__all__ = [
    "Backbone",
    "Finish",
    "NamedBackbone",
    "Norm",
    "Projection",
    "families",
    "load_backbone",
    "named",
    "new_backbone",
    "swin_micro_config",
]


def new_backbone(config: PreTrainedConfig, seed: int, name: str = "new") -> Backbone:
    """A backbone with random weights, the global random state untouched.

    Raises:
        InputError: if the configuration is of no known family, or cannot be a backbone.
    """
    family = families[config.model_type]
    return family(family.new_model(config, seed), name)
