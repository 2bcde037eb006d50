"""What every backbone can do: projections of attention, no dropout, a fingerprint of its embedding."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from isthmus.backbones import PROJECTIONS, load_backbone


def test_every_layer_has_one_of_each(attentive: Any) -> None:
    backbone, config = attentive, attentive.config
    layers = sum(config.depths) if hasattr(config, "depths") else config.num_hidden_layers
    found = {which: list(backbone.attention_projections([which])) for which in PROJECTIONS}
    assert [sum(p.dim() == 2 for p in found[which]) for which in PROJECTIONS] == [layers] * 3
    assert len({id(p) for which in PROJECTIONS for p in found[which]}) == sum(map(len, found.values()))
    assert [id(p) for p in backbone.attention_projections(["value"])] == [id(p) for p in found["value"]]
    assert {id(p) for p in backbone.attention_projections(PROJECTIONS)} == {
        id(p) for w in found.values() for p in w
    }
    assert list(backbone.attention_projections([])) == []


@pytest.mark.parametrize("family", ["swin", "vit", "deit", "dinov2", "bert", "roberta"])
def test_what_each_is_for(
    make_backbone: Callable[..., Any], native_input: Callable[..., torch.Tensor], family: str
) -> None:
    """Attention does not see what is added to all keys, and sees no key where queries are 0."""
    backbone = make_backbone(family)
    with torch.no_grad():
        tokens = backbone.embed(native_input(backbone))
        before = backbone.encode(tokens)
        for parameter in backbone.attention_projections(["key"]):
            if parameter.dim() == 1:
                parameter.add_(1)
        torch.testing.assert_close(backbone.encode(tokens), before, atol=1e-4, rtol=1e-4)
        for parameter in backbone.attention_projections(["query"]):
            parameter.zero_()
        uniform = backbone.encode(tokens)
        for parameter in backbone.attention_projections(["key"]):
            parameter.mul_(-3)
        torch.testing.assert_close(backbone.encode(tokens), uniform)
        for parameter in backbone.attention_projections(["value"]):
            parameter.mul_(-3)
        assert not torch.allclose(backbone.encode(tokens), uniform, atol=1e-3)


def test_without_attention_nothing_is_asked_of_it(convolutional: Any, refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "backbone"):
        convolutional.attention_parameters()
    with refuses("conflict", "backbone"):
        convolutional.attention_projections(["value"])
    assert list(convolutional.attention_projections([])) == []


def test_norms_of_the_encoder(backbone: Any) -> None:
    """Scale and shift of every norm, and none of the embedding's."""
    encoder = {id(parameter) for _, parameter in backbone.named_encoder_parameters()}
    kinds = {"BatchNorm2d", "LayerNorm", "ConvNextLayerNorm"}
    norms = [module for module in backbone.modules() if type(module).__name__ in kinds]
    expected = {id(p) for norm in norms for p in norm.parameters()} & encoder
    found = list(backbone.norm_parameters())
    assert {id(p) for p in found} == expected
    assert len(found) == len(expected) > 0


@pytest.fixture
def dropping(attentive: Any) -> Any:
    """In training mode, with much dropout of attention and without stochastic depth."""
    backbone = attentive
    for name, module in backbone.named_modules():
        if hasattr(module, "drop_prob"):
            module.drop_prob = 0.0
        if hasattr(module, "attention_dropout"):
            module.attention_dropout = 0.5
        if isinstance(module, nn.Dropout):
            module.p = 0.5 if name.endswith("attention.self.dropout") else 0.1
    return backbone.train()


def test_nothing_is_dropped(dropping: Any, native_input: Callable[..., torch.Tensor]) -> None:
    tokens = dropping.embed(native_input(dropping))
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        assert not torch.equal(dropping.encode(tokens), dropping.encode(tokens))
        dropping.stop_dropout()
        torch.testing.assert_close(dropping.encode(tokens), dropping.eval().encode(tokens))


@pytest.mark.parametrize("name", ["swin", "vit", "words"])
def test_it_follows_the_embedding_alone(backbones: dict[str, str], name: str) -> None:
    backbone = load_backbone(backbones[name])
    before = backbone.fingerprint()
    assert load_backbone(backbones[name]).fingerprint() == before
    with torch.no_grad():
        next(backbone.named_encoder_parameters())[1].add_(1)
    assert backbone.fingerprint() == before
    for _, parameter in backbone.named_embedding_parameters():
        with torch.no_grad():
            parameter.view(-1)[-1] += 1e-3
        assert backbone.fingerprint() != before
        before = backbone.fingerprint()


def test_the_statistics_of_the_stem_count(make_backbone: Callable[..., Any]) -> None:
    backbone = make_backbone("resnet")
    before = backbone.fingerprint()
    backbone.model.embedder.embedder.normalization.running_mean.add_(0.1)
    assert backbone.fingerprint() != before


def test_pixels_count(backbones: dict[str, str]) -> None:
    backbone = load_backbone(backbones["vit"])
    before = backbone.fingerprint()
    backbone.get_buffer("pixel_mean").add_(0.1)
    assert backbone.fingerprint() != before


def test_words_count(backbones: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "words"
    shutil.copytree(backbones["words"], folder)
    before = load_backbone(folder).fingerprint()
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace('"d": 8', '"d": 9').replace('"e": 9', '"e": 8'))
    assert load_backbone(folder).prepare(["d e"], 2).tolist() == [[9, 8]]
    assert load_backbone(folder).fingerprint() != before
