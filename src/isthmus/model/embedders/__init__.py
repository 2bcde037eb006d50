"""Target embedders: raw input to tokens. One file each."""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.model.embedders.embedder import Embedder
    from isthmus.model.embedders.registry import embedders

__all__ = ["Embedder", "embedders"]

__getattr__ = lazy_names(__name__)
