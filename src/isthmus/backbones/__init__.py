"""Adapters that make a Hugging Face encoder speak tokens. A new family is one file."""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.backbones.backbone import PROJECTIONS, Backbone, families, new_backbone
    from isthmus.backbones.classifier import load_classifier
    from isthmus.backbones.loading import BackboneInfo, describe_backbone, load_backbone
    from isthmus.backbones.projection import Projection
    from isthmus.backbones.registry import NamedBackbone, named
    from isthmus.backbones.swin_micro import swin_micro_config

__all__ = [
    "PROJECTIONS",
    "Backbone",
    "BackboneInfo",
    "NamedBackbone",
    "Projection",
    "describe_backbone",
    "families",
    "load_backbone",
    "load_classifier",
    "named",
    "new_backbone",
    "swin_micro_config",
]

__getattr__ = lazy_names(__name__)
