"""The network: embedders, gate, backbone, predictors."""

from isthmus.model.base import Net, Spec
from isthmus.model.embedders import Embedder, embedders
from isthmus.model.net import CrossModalNet, NetSpec, load_net

__all__ = ["CrossModalNet", "Embedder", "Net", "NetSpec", "Spec", "embedders", "load_net"]
