"""The network: embedders, gate, backbone, predictors."""

from isthmus.model.base import Net
from isthmus.model.embedders import Embedder, embedders
from isthmus.model.net import CrossModalNet, NetSpec

__all__ = ["CrossModalNet", "Embedder", "Net", "NetSpec", "embedders"]
