"""How much an encoder drops in training."""

from typing import Any

from torch import nn

from isthmus.backbones.backbone import Backbone


def set_dropout(backbone: Backbone, probability: float) -> None:
    """Of every dropout in the encoder, attention's too; stochastic depth, which skips layers, stays."""
    for module in backbone.modules():
        attention: Any = module
        if isinstance(module, nn.Dropout):
            module.p = probability
        if hasattr(module, "attention_dropout"):  # how image encoders keep it: a number, read at every pass
            attention.attention_dropout = probability
