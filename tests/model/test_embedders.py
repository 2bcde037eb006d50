"""Target embedders start as the backbone's own embedding."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertModel,
    ConvNextConfig,
    Dinov2Config,
    PreTrainedConfig,
    ResNetConfig,
    SwinConfig,
    ViTConfig,
)

from isthmus.backbones import new_backbone
from isthmus.backbones.efficientnet_lite import EfficientNetLiteConfig
from isthmus.model import embedders as registered_embedders
from isthmus.model.embedders.embedder import resize

embedders: Any = registered_embedders  # each has options and layers of its own

LITE = {"stem_width": 4, "widths": [4, 8], "repeats": [1, 1], "strides": [1, 2], "kernels": [3, 3]}
LITE |= {"expansions": [1, 2], "head_width": 8}
SMALL = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


def resnet(size: int | list[int]) -> ResNetConfig:
    config = ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic")
    config.image_size = size
    return config


IMAGE = {
    "swin": SwinConfig(
        image_size=16, patch_size=2, embed_dim=4, depths=[1, 1], num_heads=[1, 2], window_size=4
    ),
    "swin-positions": SwinConfig(
        image_size=16, patch_size=2, embed_dim=4, depths=[1, 1], num_heads=[1, 2], window_size=4,
        use_absolute_embeddings=True,
    ),
    "vit": ViTConfig(image_size=12, patch_size=4, **SMALL),
    "dinov2": Dinov2Config(image_size=12, patch_size=4, **SMALL),
    "efficientnet-lite": EfficientNetLiteConfig(image_size=24, **LITE),
    "efficientnet-lite-odd": EfficientNetLiteConfig(image_size=[23, 30], **LITE),
    "resnet": resnet(24),
    "resnet-odd": resnet([30, 23]),
    "convnext": ConvNextConfig(image_size=24, hidden_sizes=[4, 8], depths=[1, 1], num_stages=2),
    "convnext-odd": ConvNextConfig(image_size=[27, 24], hidden_sizes=[4, 8], depths=[1, 1], num_stages=2),
}  # fmt: skip
TEXT = BertConfig(vocab_size=30, max_position_embeddings=20, **SMALL)


def backbone(config: PreTrainedConfig, seed: int = 0) -> Any:
    made = new_backbone(config, seed, "test")
    for parameter in made.parameters():  # biases and positions start as zeros: give them something to copy
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed))
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(generator=torch.Generator().manual_seed(seed))
            module.running_var.uniform_(0.5, 2, generator=torch.Generator().manual_seed(seed))
    return made


def pictures(own: Any, count: int = 2, channels: int = 3) -> Tensor:
    return torch.randn(count, channels, *own.image_size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", IMAGE)
@pytest.mark.parametrize("overlap", [1.0, 1.5, 2.0])
def test_a_native_picture_is_embedded_as_by_the_backbone(name: str, overlap: float) -> None:
    own = backbone(IMAGE[name])
    x = pictures(own)
    embedder = embedders["patch"](own, (3, *own.image_size), overlap=overlap)
    torch.testing.assert_close(embedder(x), own.embed(x), atol=1e-5, rtol=0)
    drawn = embedders["picture"](own, (3, *own.image_size))
    torch.testing.assert_close(drawn(x), own.embed(x), atol=1e-5, rtol=0)
    features = own.encode(embedder(x))
    expected = own.model(x).last_hidden_state
    if expected.dim() == 4:
        expected = expected.flatten(2).transpose(1, 2)
    torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["efficientnet-lite", "resnet", "convnext", "vit"])
@pytest.mark.parametrize("shape", [(3, 48, 72), (3, 11, 9), (3, 2000)])
def test_a_constant_is_answered_as_by_the_backbone(name: str, shape: tuple[int, ...]) -> None:
    """Far from the edges, whose zeros both see, at any size and for series too."""
    own = backbone(IMAGE[name])
    embedder = embedders["patch"](own, shape)
    grey, native = torch.full((1, *shape), 0.3), torch.full((1, 3, *own.image_size), 0.3)
    rows, columns = own.grid
    middle = own.embed(native).view(1, rows, columns, -1)[:, rows // 2, columns // 2]
    tokens = embedder(grey).view(1, *embedder.layout, -1)
    for length in embedder.layout:
        tokens = tokens[:, length // 2]
    if own.patch_projection().positions is None:
        torch.testing.assert_close(tokens, middle, atol=1e-5, rtol=1e-5)
    assert embedder.tokens == own.max_tokens


def test_words_are_finished_as_by_the_backbone() -> None:
    """Where the convolution gives word embeddings, norm and positions make the rest equal to BERT."""
    own = backbone(TEXT)
    ids = torch.randint(0, 30, (2, 16), generator=torch.Generator().manual_seed(2))
    words = own.model.embeddings.word_embeddings(ids)
    embedder = embedders["patch"](own, (8, 16), overlap=1.0, tokens=16)
    with torch.no_grad():  # a convolution that hands its channels on
        embedder.projection.weight.copy_(torch.eye(8)[..., None])
        embedder.projection.bias.zero_()
    tokens = embedder(words.transpose(1, 2))
    torch.testing.assert_close(tokens, own.embed(ids), atol=1e-5, rtol=0)
    model: BertModel = own.model
    torch.testing.assert_close(own.encode(tokens), model(ids).last_hidden_state, atol=1e-5, rtol=0)


def test_positions_after_the_norm_as_in_the_published_embedder_of_series() -> None:
    """norm(convolve(x)) + positions, both copied; pictures are embedded as by `patch`."""
    own = backbone(TEXT)
    embedder = embedders["norm-first"](own, (3, 40), tokens=10)
    x = torch.randn(2, 3, 40, generator=torch.Generator().manual_seed(3))
    start = own.patch_projection()
    convolved = torch.nn.functional.conv1d(x, embedder.projection.weight, embedder.projection.bias, stride=4)
    expected = start.norm(convolved.transpose(1, 2)) + start.positions[:10]
    torch.testing.assert_close(embedder(x), expected, atol=1e-5, rtol=0)
    assert {name for name, _ in embedder.named_parameters() if "positions" in name} == {
        "finish.positions_after_norm"
    }
    swin = backbone(IMAGE["swin"])
    same = embedders["norm-first"](swin, (3, *swin.image_size))
    torch.testing.assert_close(same(pictures(swin)), swin.embed(pictures(swin)), atol=1e-5, rtol=0)


@given(
    st.sampled_from([*IMAGE, "bert"]),
    st.integers(1, 5),
    st.integers(2, 70),
    st.integers(2, 30),
    st.booleans(),
)
@settings(max_examples=40)
def test_any_shape_becomes_tokens(name: str, channels: int, length: int, other: int, series: bool) -> None:
    own = backbone(TEXT if name == "bert" else IMAGE[name])
    shape = (channels, length) if series else (channels, length, other)
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(3))
    for kind in ("patch", "picture"):
        if kind == "picture" and name == "bert":
            continue
        embedder = embedders[kind](own, shape)
        tokens = embedder(x)
        assert tokens.shape == (2, embedder.tokens, own.width)
        assert embedder.tokens <= own.max_tokens
        assert own.encode(tokens).isfinite().all()


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_repeated_channels_keep_the_response_to_grey(channels: int) -> None:
    own = backbone(IMAGE["vit"])
    grey = pictures(own, channels=1)
    embedder = embedders["patch"](own, (channels, *own.image_size), overlap=1.0)
    colours = own.model.embeddings.patch_embeddings.projection.weight
    if channels % 3 == 0 or channels == 1:  # whole sets of colours, or the first alone, scaled up
        shown = grey.expand(-1, 3, -1, -1) if channels > 1 else torch.cat([3 * grey, 0 * grey, 0 * grey], 1)
        torch.testing.assert_close(
            embedder(grey.expand(-1, channels, -1, -1)), own.embed(shown), atol=1e-5, rtol=0
        )
    assert embedder.projection.weight.shape[:2] == (len(colours), channels)


def test_a_series_is_an_image_with_equal_rows() -> None:
    """Where each token's stretch of the series is laid over the rows of a patch, the tokens agree."""
    own = backbone(IMAGE["vit"])
    rows, columns = own.grid
    series = torch.randn(1, 3, rows * columns * 4, generator=torch.Generator().manual_seed(4))
    embedder = embedders["patch"](own, (3, series.shape[2]), overlap=1.0)
    image = (
        series.view(1, 3, rows, 1, columns * 4).expand(-1, -1, -1, 4, -1).reshape(1, 3, rows * 4, columns * 4)
    )
    torch.testing.assert_close(embedder(series), own.embed(image), atol=1e-5, rtol=0)


def test_a_line_picture_shows_the_series() -> None:
    own = backbone(IMAGE["swin"])
    embedder = embedders["picture"](own, (1, 16), reach=1.0)
    rise = torch.linspace(-1, 1, 16).view(1, 1, 16)
    ink = embedder.draw(rise)[0] * own.pixel_std.view(3, 1, 1) + own.pixel_mean.view(3, 1, 1)
    expected = torch.eye(16).flip(0)
    assert ((ink[0] > 0.9) >= (expected > 0)).all()  # the diagonal is drawn
    assert ink.mean() < 0.2  # and little else


def test_channels_side_by_side_or_averaged() -> None:
    own = backbone(IMAGE["swin"])
    x = -torch.ones(1, 4, 16)
    x[0, 3] = 1.0  # the fourth channel is drawn higher, in the last of two times two panels
    panels = embedders["picture"](own, (4, 16), reach=1.0).draw(x)[0, 0]
    top = [panel.argmax(0).float().mean().item() for half in panels.chunk(2, 0) for panel in half.chunk(2, 1)]
    assert top[3] < min(top[:3])
    together = embedders["picture"](own, (4, 16), reach=1.0, channels="average").draw(x)[0, 0]
    ink = together * own.pixel_std[0] + own.pixel_mean[0]
    assert ink.max().item() == pytest.approx(0.75, abs=0.02)


def test_bad_input_is_said(refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "embedder"):
        embedders["picture"](backbone(TEXT), (1, 16))
    with refuses("unknown", "pach"):
        embedders["pach"]


@pytest.mark.parametrize("size", [(20,), (5,), (9, 14), (3, 4)])
def test_fields_in_half_precision_are_resized(size: tuple[int, ...]) -> None:
    field = torch.randn(2, 3, *[8] * len(size), generator=torch.Generator().manual_seed(0))
    half = field.bfloat16()
    resized = resize(half, size)
    assert resized.shape == (2, 3, *size)
    assert (resized.float() - resize(half.float(), size)).abs().max() < 0.02
