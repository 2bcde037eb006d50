"""Tensors whose shapes are those of what was drawn or learnt, and so not known before they are loaded."""

from typing import Any

import torch
from torch import nn


def take_shapes(module: nn.Module) -> None:
    """Have the module's own tensors take the shapes of what is loaded into them."""
    module.register_load_state_dict_pre_hook(_reshape)


def _reshape(module: nn.Module, weights: dict[str, Any], prefix: str, *_: Any) -> None:
    own = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
    for name, tensor in own:
        if prefix + name in weights:
            tensor.data = torch.empty(weights[prefix + name].shape, dtype=tensor.dtype, device=tensor.device)
