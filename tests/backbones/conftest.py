"""Random tiny Hugging Face configurations of every family, and input for them."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import (
    BertConfig,
    ConvNextConfig,
    DeiTConfig,
    Dinov2Config,
    PreTrainedConfig,
    ResNetConfig,
    RobertaConfig,
    SwinConfig,
    Swinv2Config,
    ViTConfig,
)

from isthmus.backbones import Backbone, new_backbone
from isthmus.backbones.efficientnet_lite import EfficientNetLiteConfig

SWIN, PLAIN = ("swin", "swin-absolute", "swinv2"), ("vit", "deit", "dinov2")
TEXT = ("bert", "roberta")
CONVOLUTIONAL = ("efficientnet-lite", "resnet", "convnext")
ATTENTIVE = (*SWIN, *PLAIN, *TEXT)
FAMILIES = (*ATTENTIVE, *CONVOLUTIONAL)


def tiny_config(family: str, seed: int) -> PreTrainedConfig:
    """Few and narrow layers; sizes drawn from the seed. Weights are large enough that errors show."""
    draw = random.Random(f"{family} {seed}")
    heads, layers = draw.choice([1, 2, 4]), draw.choice([1, 2, 3])
    if family in SWIN:
        stages, window = draw.choice([1, 2, 3]), draw.choice([2, 3])
        last = (window * draw.choice([1, 2]), window * draw.choice([1, 2]))
        patch = draw.choice([2, 3])
        cls: Any = Swinv2Config if family == "swinv2" else SwinConfig
        return cls(
            image_size=[patch * side * 2 ** (stages - 1) for side in last],
            patch_size=patch,
            embed_dim=4 * heads,
            depths=[draw.choice([1, 2]) for _ in range(stages)],
            num_heads=[heads] * stages,
            window_size=window,
            use_absolute_embeddings=family == "swin-absolute",
            initializer_range=0.3,
            hidden_dropout_prob=0.5,
        )
    if family in CONVOLUTIONAL:
        return convolutional_config(family, draw)
    common = {
        "hidden_size": 4 * heads,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "intermediate_size": draw.choice([8, 12]),
        "hidden_dropout_prob": 0.5,
        "initializer_range": 0.3,
    }
    if family in PLAIN:
        patch = draw.choice([2, 3])
        sides = [patch * draw.choice([2, 3, 4]), patch * draw.choice([2, 3, 4])]
        if family == "dinov2":  # whose Hugging Face model takes square images only
            sides = sides[:1] * 2
        cls = {"vit": ViTConfig, "deit": DeiTConfig, "dinov2": Dinov2Config}[family]
        if family == "dinov2":
            common.pop("intermediate_size")
            common |= {"layerscale_value": 0.7, "use_swiglu_ffn": draw.random() < 0.5}
        return cls(image_size=sides, patch_size=patch, **common)
    cls = {"bert": BertConfig, "roberta": RobertaConfig}[family]
    return cls(vocab_size=draw.choice([20, 40]), max_position_embeddings=draw.choice([12, 16]), **common)


def convolutional_config(family: str, draw: random.Random) -> PreTrainedConfig:
    """Sizes that no stride divides too, and kernels as published."""
    stages = draw.choice([1, 2, 3])
    depths = [draw.choice([1, 2]) for _ in range(stages)]
    widths = [4 * draw.choice([1, 2]) for _ in range(stages)]
    size = draw.choice([[32, 32], [33, 38], [48, 27]])
    if family == "efficientnet-lite":
        return EfficientNetLiteConfig(
            image_size=size,
            stem_width=4,
            widths=widths,
            repeats=depths,
            strides=[draw.choice([1, 2]) for _ in range(stages)],
            kernels=[draw.choice([3, 5]) for _ in range(stages)],
            expansions=[1, *[2] * (stages - 1)],
            head_width=12,
            norm_momentum=0.1,
        )
    if family == "resnet":
        config = ResNetConfig(
            embedding_size=8,
            hidden_sizes=widths,
            depths=depths,
            layer_type=draw.choice(["basic", "bottleneck"]),
            downsample_in_first_stage=draw.random() < 0.5,
        )
        config.image_size = size
        return config
    return ConvNextConfig(
        image_size=size,
        hidden_sizes=widths,
        depths=depths,
        num_stages=stages,
        layer_scale_init_value=0.7,
        initializer_range=0.3,
    )


@pytest.fixture(params=FAMILIES, scope="session")
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def native_input() -> Callable[..., torch.Tensor]:
    """(backbone, count, seed) -> what `embed` takes: images at native size, or the longest texts."""

    def draw(backbone: Any, count: int = 2, seed: int = 0) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        if backbone.modality == "image":
            return torch.randn(count, 3, *backbone.image_size, generator=generator)
        return torch.randint(2, backbone.config.vocab_size, (count, backbone.max_tokens), generator=generator)

    return draw


@pytest.fixture(scope="session")
def make_backbone() -> Callable[..., Any]:
    """(family, seed) -> a backbone whose every parameter is random: fresh 0s and 1s hide mistakes."""

    def make(family: str, seed: int = 0) -> Backbone:
        backbone = new_backbone(tiny_config(family, seed), seed)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in backbone.parameters():
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
            for module in backbone.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.running_mean.normal_(generator=generator)
                    module.running_var.uniform_(0.5, 2, generator=generator)
        return backbone

    return make


@pytest.fixture(params=ATTENTIVE)
def attentive(request: pytest.FixtureRequest, make_backbone: Callable[..., Any]) -> Any:
    """A backbone with attention."""
    return make_backbone(request.param)


@pytest.fixture(params=CONVOLUTIONAL)
def convolutional(request: pytest.FixtureRequest, make_backbone: Callable[..., Any]) -> Any:
    """A backbone of convolutions."""
    return make_backbone(request.param)


@pytest.fixture
def backbone(family: str, make_backbone: Callable[..., Any]) -> Any:
    return make_backbone(family)


@pytest.fixture
def saved(backbone: Any, tmp_path: Path) -> Path:
    """The folder of a saved backbone."""
    backbone.save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"
