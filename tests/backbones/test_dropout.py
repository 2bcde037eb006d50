"""An encoder that drops nothing in training."""

import pytest
import torch
from torch import nn

from isthmus.backbones.dropout import stop_dropout


@pytest.fixture
def dropping(backbone):
    """In training mode, with much dropout of attention and without stochastic depth."""
    for name, module in backbone.named_modules():
        if hasattr(module, "drop_prob"):
            module.drop_prob = 0.0
        if hasattr(module, "attention_dropout"):
            module.attention_dropout = 0.5
        if isinstance(module, nn.Dropout):
            module.p = 0.5 if name.endswith("attention.self.dropout") else 0.1
    return backbone.train()


def test_nothing_is_dropped(dropping, native_input):
    tokens = dropping.embed(native_input(dropping))
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        assert not torch.equal(dropping.encode(tokens), dropping.encode(tokens))
        stop_dropout(dropping)
        torch.testing.assert_close(dropping.encode(tokens), dropping.eval().encode(tokens))
