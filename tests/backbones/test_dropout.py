"""How much an encoder drops in training."""

import pytest
import torch
from torch import nn

from isthmus.backbones.dropout import set_dropout


@pytest.fixture
def dropping(backbone):
    """In training mode, without stochastic depth."""
    for module in backbone.modules():
        if hasattr(module, "drop_prob"):
            module.drop_prob = 0.0
    return backbone.train()


def twice(backbone, native_input):
    tokens = backbone.embed(native_input(backbone))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return [backbone.encode(tokens).detach() for _ in range(2)]


def test_nothing_is_dropped(dropping, native_input):
    set_dropout(dropping, 0.0)
    one, other = twice(dropping, native_input)
    assert torch.equal(one, other)
    torch.testing.assert_close(one, dropping.eval().encode(dropping.embed(native_input(dropping))).detach())


def test_attention_drops_too(dropping, native_input):
    set_dropout(dropping, 0.5)
    for name, module in dropping.named_modules():
        if isinstance(module, nn.Dropout) and not name.endswith("attention.self.dropout"):
            module.p = 0.0
    one, other = twice(dropping, native_input)
    assert not torch.equal(one, other)
