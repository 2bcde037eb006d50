"""A net on a tiny backbone."""

import pytest

from isthmus.backbones import load_backbone
from isthmus.model import CrossModalNet, NetSpec


@pytest.fixture(scope="session")
def make_net():
    """From the backbone's folder, for series [1, 16] of two classes: make_net(folder, source_classes)."""

    def make(folder: str, source_classes: int = 1) -> CrossModalNet:
        spec = NetSpec(
            task="t",
            kind="classification",
            input_shape=(1, 16),
            output_channels=2,
            output_size=(),
            classes=(0, 1),
            embedder="patch",
            embedder_options={"tokens": 16},
            source_classes=source_classes,
        )
        return CrossModalNet(load_backbone(folder), spec)

    return make
