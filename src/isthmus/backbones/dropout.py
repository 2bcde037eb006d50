"""An encoder that drops nothing in training."""

from typing import Any

from torch import nn

from isthmus.backbones.backbone import Backbone


def stop_dropout(backbone: Backbone) -> None:
    """End every dropout in the encoder, attention's too; stochastic depth, which skips layers, stays."""
    for module in backbone.modules():
        attention: Any = module
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if hasattr(module, "attention_dropout"):  # how image encoders keep it: a number, read at every pass
            attention.attention_dropout = 0.0
