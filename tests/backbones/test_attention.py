"""The projections of attention, found by name in every family."""

import pytest
import torch

from isthmus.backbones.attention import PROJECTIONS, projections


def test_every_layer_has_one_of_each(backbone):
    config = backbone.config
    layers = sum(config.depths) if hasattr(config, "depths") else config.num_hidden_layers
    found = {which: list(projections(backbone, [which])) for which in PROJECTIONS}
    assert [sum(p.dim() == 2 for p in found[which]) for which in PROJECTIONS] == [layers] * 3
    assert len({id(p) for which in PROJECTIONS for p in found[which]}) == sum(map(len, found.values()))
    assert [id(p) for p in projections(backbone, ["value"])] == [id(p) for p in found["value"]]
    assert {id(p) for p in projections(backbone, PROJECTIONS)} == {id(p) for w in found.values() for p in w}
    assert list(projections(backbone, [])) == []


@pytest.mark.parametrize("family", ["swin", "vit", "deit", "dinov2", "bert", "roberta"])
def test_what_each_is_for(make_backbone, native_input, family):
    """Attention does not see what is added to all keys, and sees no key where queries are 0."""
    backbone = make_backbone(family)
    with torch.no_grad():
        tokens = backbone.embed(native_input(backbone))
        before = backbone.encode(tokens)
        for parameter in projections(backbone, ["key"]):
            if parameter.dim() == 1:
                parameter.add_(1)
        torch.testing.assert_close(backbone.encode(tokens), before, atol=1e-4, rtol=1e-4)
        for parameter in projections(backbone, ["query"]):
            parameter.zero_()
        uniform = backbone.encode(tokens)
        for parameter in projections(backbone, ["key"]):
            parameter.mul_(-3)
        torch.testing.assert_close(backbone.encode(tokens), uniform)
        for parameter in projections(backbone, ["value"]):
            parameter.mul_(-3)
        assert not torch.allclose(backbone.encode(tokens), uniform, atol=1e-3)
