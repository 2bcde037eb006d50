"""efficientnet-lite0: a small convolutional network trained on photos; weights and card beside this file."""

from pathlib import Path

from isthmus.backbones.registry import NamedBackbone, named

ABOUT = "EfficientNet-Lite0, 3.4 M parameters: photos of ImageNet (Tan and Le 2019; comes with isthmus)"
FOLDER = Path(__file__).parent
HEAD_RATE = 10 / 3
"""What learns from nothing learns faster than what was pretrained."""

named.register("efficientnet-lite0")(
    NamedBackbone(
        "efficientnet-lite0",
        ABOUT,
        "image",
        lambda: FOLDER,
        learning_rate=3e-4,
        readout="stages",
        image_size=128,
        lr_scale={"gate": HEAD_RATE, "predictor": HEAD_RATE, "source_predictor": HEAD_RATE},
    )
)
