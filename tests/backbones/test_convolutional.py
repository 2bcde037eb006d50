"""What convolutional backbones alone do: statistics that stay or move, padding, pictures that do not fit."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.backbones import load_backbone, new_backbone
from isthmus.backbones.convolutional import fold_norm
from isthmus.backbones.efficientnet_lite import EfficientNetLiteConfig, SameConvolution, same_padding


def statistics(backbone: Any) -> dict[str, Tensor]:
    return {name: t.clone() for name, t in backbone.state_dict().items() if "running" in name}


def learn(backbone: Any, inputs: Tensor) -> None:
    """One step on everything that may learn."""
    optimizer = torch.optim.SGD([p for p in backbone.parameters() if p.requires_grad], 0.01)
    backbone.train()
    backbone.encode(backbone.embed(inputs)).square().mean().backward()
    optimizer.step()


def changed(backbone: Any, before: dict[str, Tensor]) -> set[str]:
    return {name for name, t in statistics(backbone).items() if not torch.equal(t, before[name])}


@pytest.mark.parametrize("family", ["efficientnet-lite", "resnet"])
def test_statistics_stay_while_the_rest_learns(
    make_backbone: Callable[..., Any], native_input: Callable[..., Tensor], family: str
) -> None:
    backbone = make_backbone(family)
    before = statistics(backbone)
    weights = {name: p.clone() for name, p in backbone.named_encoder_parameters()}
    learn(backbone, native_input(backbone))
    assert before
    assert changed(backbone, before) == set()
    assert all(not torch.equal(p, weights[name]) for name, p in backbone.named_encoder_parameters())


@pytest.mark.parametrize("family", ["efficientnet-lite", "resnet"])
def test_statistics_follow_the_batches_after_a_reset_but_not_those_of_the_stem(
    make_backbone: Callable[..., Any], native_input: Callable[..., Tensor], family: str
) -> None:
    backbone = make_backbone(family)
    backbone.reset(0)
    before = statistics(backbone)
    learn(backbone, native_input(backbone))
    stem = {name for name in before if name.startswith(f"model.{backbone.embedding_name}.")}
    assert stem
    assert changed(backbone, before) == before.keys() - stem
    assert any(module.training for module in backbone.modules() if isinstance(module, nn.BatchNorm2d))
    backbone.eval()
    assert not any(module.training for module in backbone.modules())


@given(size=st.integers(1, 40), kernel=st.sampled_from([1, 3, 5]), stride=st.sampled_from([1, 2, 3]))
def test_padding_as_tensorflow_pads(size: int, kernel: int, stride: int) -> None:
    """ceil(size / stride) outputs, no more padding than they need, the odd zero behind."""
    left, right, above, below = same_padding((size, 7), (kernel, 1), (stride, 1))
    assert (left, right) == (0, 0)
    outputs = math.ceil(size / stride)
    convolution = SameConvolution(1, 1, (kernel, 1), (stride, 1))
    assert convolution(torch.zeros(1, 1, size, 7)).shape == (1, 1, outputs, 7)
    assert below - above in {0, 1}
    assert above + below == max(0, (outputs - 1) * stride + kernel - size)


@pytest.mark.parametrize("bias", [True, False])
def test_a_norm_is_folded_into_its_convolution(bias: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    convolution, norm = nn.Conv2d(3, 5, 3, bias=bias), nn.BatchNorm2d(5, eps=0.1).eval()
    for tensor in (*convolution.parameters(), *norm.parameters(), norm.get_buffer("running_mean")):
        tensor.data.normal_(generator=generator)
    norm.get_buffer("running_var").uniform_(0.5, 2, generator=generator)
    x = torch.randn(2, 3, 8, 8, generator=generator)
    torch.testing.assert_close(F.conv2d(x, *fold_norm(convolution, norm)), norm(convolution(x)))


def test_a_saved_size_is_the_size_that_is_read(make_backbone: Callable[..., Any], tmp_path: Any) -> None:
    for family in ("efficientnet-lite", "resnet", "convnext"):
        folder, smaller = tmp_path / family, tmp_path / f"{family} smaller"
        backbone = make_backbone(family)
        backbone.save_pretrained(folder)
        assert load_backbone(folder).image_size == backbone.image_size
        other = load_backbone(folder, 41)
        assert other.image_size == (41, 41)
        pixels = torch.randn(1, 3, 41, 41)
        expected = other.encode(other.embed(pixels))
        assert expected.shape == (1, math.prod(other.feature_grid), other.feature_width)
        other.save_pretrained(smaller)
        again = load_backbone(smaller)
        assert again.image_size == (41, 41)
        assert torch.equal(again.encode(again.embed(pixels)), expected)


def test_a_resnet_that_names_no_size_reads_224(make_backbone: Callable[..., Any]) -> None:
    config = make_backbone("resnet").config
    del config.image_size
    assert new_backbone(config, 0).image_size == (224, 224)


def test_pictures_too_small_for_the_last_stage(
    make_backbone: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    config = next(
        backbone.config
        for backbone in (make_backbone("convnext", seed) for seed in range(99))
        if backbone.config.num_stages == 3
    )
    config.image_size = 8
    with refuses("value", "image_size"):
        new_backbone(config, 0)


def test_features_of_no_whole_number_of_tokens(refuses: Callable[..., Any]) -> None:
    """A field cannot be put together from them; averages can."""
    small = {"stem_width": 4, "widths": (4, 4), "repeats": (1, 1), "strides": (2, 2)}
    small |= {"kernels": (3, 3), "expansions": (1, 1), "head_width": 4}
    assert new_backbone(EfficientNetLiteConfig(image_size=32, **small), 0).reduction == 4
    backbone = new_backbone(EfficientNetLiteConfig(image_size=36, **small), 0)
    assert backbone.feature_grid == (5, 5)
    with refuses("conflict", "image_size"):
        _ = backbone.reduction
