"""The network: embedders, gate, backbone, predictors."""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names
from isthmus.model.embedders.registry import embedders  # not the package of that name

if TYPE_CHECKING:
    from isthmus.model.base import Net, Spec
    from isthmus.model.embedders.embedder import Embedder
    from isthmus.model.net import CrossModalNet, NetSpec, load_net

__all__ = ["CrossModalNet", "Embedder", "Net", "NetSpec", "Spec", "embedders", "load_net"]

__getattr__ = lazy_names(__name__)
