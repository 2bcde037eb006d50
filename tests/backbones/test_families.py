"""Each family against the Hugging Face model it is made from, with random configurations."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from transformers import AutoModel, PreTrainedConfig, SwinConfig, ViTConfig

from isthmus.backbones import families, new_backbone
from isthmus.model.embedders.patch import PositionsAndNorm

seeds = st.integers(0, 999)


def swin(size: int, patch: int, stages: int, window: int) -> SwinConfig:
    layers = {"depths": [1] * stages, "num_heads": [1] * stages}
    return SwinConfig(image_size=size, patch_size=patch, embed_dim=4, window_size=window, **layers)


def hugging_face(backbone: Any) -> Any:
    """A Hugging Face model with the backbone's weights, pooler and dropout layers and all."""
    model = AutoModel.from_config(backbone.config)
    missing, unexpected = model.load_state_dict(backbone.model.state_dict(), strict=False)
    assert not unexpected
    assert all("pooler" in name or name.startswith("layernorm.") for name in missing)  # after the pooling
    return model.eval()


@settings(max_examples=8)
@given(seed=seeds)
def test_encode_of_embed_is_the_hugging_face_model(
    make_backbone: Callable[..., Any], native_input: Callable[..., torch.Tensor], family: str, seed: int
) -> None:
    backbone = make_backbone(family, seed).double()  # in float32, kernels of machines round differently
    inputs = native_input(backbone, 2, seed)
    inputs = inputs.double() if inputs.is_floating_point() else inputs
    with torch.no_grad():
        features = backbone.encode(backbone.embed(inputs))
        expected = hugging_face(backbone).double()(inputs).last_hidden_state
        if expected.dim() == 4:
            expected = expected.flatten(2).transpose(1, 2)
    torch.testing.assert_close(features, expected, atol=1e-9, rtol=1e-9)


@settings(max_examples=8)
@given(seed=seeds)
def test_the_features_of_every_stage(
    make_backbone: Callable[..., Any], native_input: Callable[..., torch.Tensor], family: str, seed: int
) -> None:
    """The last are those of `encode`; the others are as wide and as many as it says."""
    backbone = make_backbone(family, seed)
    with torch.no_grad():
        tokens = backbone.embed(native_input(backbone, 2, seed))
        stages = backbone.encode_stages(tokens)
        assert torch.equal(stages[-1], backbone.encode(tokens)[:, backbone.prefix :])
    assert tuple(stage.shape[2] for stage in stages) == backbone.stage_widths
    if backbone.modality == "text":
        assert backbone.stage_grids is None
        assert {stage.shape[1] for stage in stages} == {tokens.shape[1]}
    else:
        assert [stage.shape[1] for stage in stages] == [math.prod(grid) for grid in backbone.stage_grids]
        assert backbone.stage_grids[-1] == backbone.feature_grid
    assert not any(module._forward_hooks for module in backbone.modules())


@pytest.mark.parametrize("family", ["swin", "swinv2", "vit", "dinov2", "bert"])
def test_stages_are_what_hugging_face_calls_hidden_states(
    make_backbone: Callable[..., Any], native_input: Callable[..., torch.Tensor], family: str
) -> None:
    backbone = make_backbone(family, 2)
    inputs = native_input(backbone)
    model = hugging_face(backbone)
    with torch.no_grad():
        stages = backbone.encode_stages(backbone.embed(inputs))[:-1]
        if family.startswith("swin"):
            hidden = model(inputs, output_hidden_states=True).hidden_states
            before = [  # what the next stage's first hidden state is merged from
                layer.downsample(stage, grid)
                for layer, stage, grid in zip(
                    model.encoder.layers, stages, backbone.stage_grids, strict=False
                )
            ]
            expected = list(hidden[1 : 1 + len(before)])
            stages = before
        else:
            layers = backbone.config.num_hidden_layers
            ends = sorted({math.ceil(layers * part / 4) for part in (1, 2, 3, 4)})[:-1]
            hidden = model(inputs, output_hidden_states=True).hidden_states
            expected = [hidden[end][:, backbone.prefix :] for end in ends]
    assert len(stages) == len(expected)
    for stage, other in zip(stages, expected, strict=True):
        torch.testing.assert_close(stage, other, atol=1e-5, rtol=1e-5)


@settings(max_examples=8)
@given(seed=seeds)
def test_the_projection_makes_the_tokens_that_embed_makes(
    make_backbone: Callable[..., Any], native_input: Callable[..., torch.Tensor], family: str, seed: int
) -> None:
    backbone = make_backbone(family, seed)
    inputs = native_input(backbone, 2, seed)
    projection = backbone.patch_projection()
    with torch.no_grad():
        if projection.weight is None:
            raw = backbone.model.embeddings.word_embeddings(inputs)
        else:
            stride = projection.stride or projection.weight.shape[2:]
            padded = F.pad(inputs, projection.padding)
            raw = F.conv2d(padded, projection.weight, projection.bias, stride).flatten(2).transpose(1, 2)
        tokens = PositionsAndNorm(projection, raw.shape[1])(raw)
    torch.testing.assert_close(tokens, backbone.embed(inputs).detach(), atol=1e-5, rtol=1e-5)


def test_the_finish_is_a_copy_that_learns(backbone: Any) -> None:
    before = {name: p.clone() for name, p in backbone.named_parameters()}
    finish = PositionsAndNorm(backbone.patch_projection(), 2)
    for parameter in finish.parameters():
        assert parameter.requires_grad
        parameter.data.add_(1)
    assert all(torch.equal(p, before[name]) for name, p in backbone.named_parameters())


@pytest.mark.parametrize("family", ["swin-absolute", "vit", "deit", "dinov2", "bert", "roberta"])
def test_no_more_positions_than_there_are(
    make_backbone: Callable[..., Any], family: str, refuses: Callable[..., Any]
) -> None:
    backbone = make_backbone(family)
    with refuses("value", "tokens"):
        PositionsAndNorm(backbone.patch_projection(), backbone.max_tokens + 1)


def test_what_it_says_of_itself_is_so(
    backbone: Any, native_input: Callable[..., torch.Tensor], family: str
) -> None:
    tokens = backbone.embed(native_input(backbone))
    features = backbone.encode(tokens)
    assert tokens.shape == (2, backbone.max_tokens, backbone.width)
    patches = features[:, backbone.prefix :]
    assert backbone.prefix == {"vit": 1, "deit": 2, "dinov2": 1}.get(family, 0)
    assert patches.shape[2] == backbone.feature_width
    mean = patches.sum(1) / patches.shape[1]
    torch.testing.assert_close(backbone.pool(features), mean)
    assert backbone.config.model_type == backbone.family
    assert type(backbone) is families[backbone.family]
    assert backbone.default_source == {"image": "procedural", "text": "stdlib-text"}[backbone.modality]
    assert backbone.learning_rate == 1e-4
    if backbone.modality == "text":
        assert backbone.grid is backbone.feature_grid is None
        assert backbone.reduction == 1
    else:
        assert math.prod(backbone.grid) == tokens.shape[1]
        assert math.prod(backbone.feature_grid) == patches.shape[1]
        if backbone.readout == "last":
            assert tuple(n // backbone.reduction for n in backbone.grid) == backbone.feature_grid
    assert backbone.readout == ("stages" if family in {"efficientnet-lite", "resnet", "convnext"} else "last")
    assert backbone.lr_scale == {}


@pytest.mark.parametrize(
    ("config", "grid", "reduction"),
    [
        (swin(size=224, patch=4, stages=4, window=7), (56, 56), 8),  # as in Swin-tiny
        (swin(size=64, patch=4, stages=3, window=4), (16, 16), 4),  # as in swin-micro
        (ViTConfig(hidden_size=4, num_hidden_layers=1, num_attention_heads=1), (14, 14), 1),
    ],
)
def test_known_reductions(config: PreTrainedConfig, grid: tuple[int, int], reduction: int) -> None:
    backbone = new_backbone(config, 0)
    assert (backbone.grid, backbone.reduction) == (grid, reduction)


@pytest.mark.parametrize("family", ["vit", "deit", "dinov2", "bert", "roberta"])
def test_fewer_tokens_are_welcome(
    make_backbone: Callable[..., Any], native_input: Callable[..., torch.Tensor], family: str
) -> None:
    """They attend to one another only, so a text's first words alone are the shorter text."""
    backbone = make_backbone(family)
    inputs = native_input(backbone)
    tokens = backbone.embed(inputs)[:, :3]
    features = backbone.encode(tokens)
    assert features.shape[1] == backbone.prefix + 3
    if backbone.modality == "text":
        expected = hugging_face(backbone)(inputs[:, :3]).last_hidden_state
        torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-5)


def test_more_tokens_are_not(backbone: Any, refuses: Callable[..., Any]) -> None:
    tokens = torch.zeros(1, backbone.max_tokens + 1, backbone.width)
    with refuses("value", "tokens"):
        backbone.encode(tokens)


@pytest.mark.parametrize("family", ["swin", "swinv2", "resnet"])
def test_some_take_their_grid_and_nothing_less(
    make_backbone: Callable[..., Any], family: str, refuses: Callable[..., Any]
) -> None:
    backbone = make_backbone(family)
    with refuses("value", "tokens"):
        backbone.encode(torch.zeros(1, 1, backbone.width))


@pytest.mark.parametrize("family", ["swin", "vit", "dinov2"])
def test_images_of_another_size_are_not_embedded(
    make_backbone: Callable[..., Any], family: str, refuses: Callable[..., Any]
) -> None:
    backbone = make_backbone(family)
    height, width = backbone.image_size
    with refuses("value", "inputs"):
        backbone.embed(torch.zeros(1, 3, height, width + 1))


def test_embed_is_frozen_and_every_parameter_that_learns_gets_a_gradient(
    backbone: Any, native_input: Callable[..., torch.Tensor]
) -> None:
    backbone.train()
    features = backbone.encode(backbone.embed(native_input(backbone)))[:, backbone.prefix :]
    (features * torch.randn_like(features)).sum().backward()
    embedding = dict(backbone.named_embedding_parameters())
    encoder = dict(backbone.named_encoder_parameters())
    assert embedding.keys() | encoder.keys() == dict(backbone.named_parameters()).keys()
    assert not embedding.keys() & encoder.keys()
    assert [name for name, p in encoder.items() if p.grad is None] == []
    assert [name for name, p in embedding.items() if p.requires_grad or p.grad is not None] == []


def test_the_prefix_tokens_learn_and_the_words_do_not(make_backbone: Callable[..., Any]) -> None:
    learning = {name for name, _ in make_backbone("deit").named_encoder_parameters()}
    assert {"model.embeddings.cls_token", "model.embeddings.distillation_token"} < learning
    frozen = {name for name, _ in make_backbone("bert").named_embedding_parameters()}
    assert frozen == {
        f"model.embeddings.{part}"
        for part in (
            "word_embeddings.weight",
            "position_embeddings.weight",
            "token_type_embeddings.weight",
            "LayerNorm.weight",
            "LayerNorm.bias",
        )
    }


def test_embed_can_be_made_to_learn(backbone: Any, native_input: Callable[..., torch.Tensor]) -> None:
    """As in pretraining."""
    backbone.requires_grad_(True)
    features = backbone.encode(backbone.embed(native_input(backbone)))
    (features * torch.randn_like(features)).sum().backward()
    assert all(p.grad is not None for _, p in backbone.named_embedding_parameters())


def test_embed_is_a_fixed_map_even_in_training(
    backbone: Any, native_input: Callable[..., torch.Tensor]
) -> None:
    """The configurations ask for half of everything to be dropped, or have batch norms."""
    inputs = native_input(backbone)
    expected = backbone.embed(inputs)
    assert torch.equal(backbone.train().embed(inputs), expected)


def test_the_encoder_drops_only_when_it_is_told_to(
    make_backbone: Callable[..., Any], native_input: Callable[..., torch.Tensor]
) -> None:
    backbone = make_backbone("bert")
    tokens = backbone.embed(native_input(backbone))
    assert torch.equal(backbone.encode(tokens), backbone.encode(tokens))
    backbone.train()
    assert not torch.equal(backbone.encode(tokens), backbone.encode(tokens))


@settings(max_examples=4)
@given(seed=seeds, other=seeds)
def test_reset_depends_on_the_seed_alone(
    make_backbone: Callable[..., Any], family: str, seed: int, other: int
) -> None:
    backbone = make_backbone(family, 0)
    trained = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    parameters = list(map(id, backbone.parameters()))
    torch.manual_seed(other)
    state = torch.get_rng_state()
    backbone.reset(seed)
    assert torch.equal(torch.get_rng_state(), state)
    assert list(map(id, backbone.parameters())) == parameters
    assert not any(p.requires_grad for _, p in backbone.named_embedding_parameters())
    fresh = new_backbone(backbone.config, seed).state_dict()
    assert all(torch.equal(tensor, fresh[name]) for name, tensor in backbone.state_dict().items())
    counts = {name for name in fresh if name.endswith("num_batches_tracked")}
    assert all(not torch.equal(fresh[name], trained[name]) for name in fresh.keys() - counts)
    if other != seed:
        different = new_backbone(backbone.config, other).state_dict()
        assert any(not torch.equal(tensor, fresh[name]) for name, tensor in different.items())


@pytest.mark.parametrize(
    "config",
    [
        swin(size=16, patch=2, stages=2, window=5),
        swin(size=20, patch=4, stages=2, window=2),
        swin(size=18, patch=4, stages=1, window=2),
        ViTConfig(hidden_size=4, num_attention_heads=1, num_hidden_layers=1, num_channels=1),
    ],
)
def test_configurations_that_cannot_be_backbones(
    config: PreTrainedConfig, refuses: Callable[..., Any]
) -> None:
    with refuses("value", "new"):
        new_backbone(config, 0)


def test_a_decoder_is_no_backbone(make_backbone: Callable[..., Any], refuses: Callable[..., Any]) -> None:
    config = make_backbone("bert").config
    config.is_decoder = True
    with refuses("value", "new"):
        new_backbone(config, 0)
