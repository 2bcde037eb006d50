"""The registry of embedders, which knows their names without importing them."""

from typing import TYPE_CHECKING

from isthmus.registry import LazyRegistry

if TYPE_CHECKING:
    from isthmus.model.embedders.embedder import Embedder

embedders: "LazyRegistry[type[Embedder]]" = LazyRegistry(
    "embedder", "isthmus.model.embedders", variable="embedders"
)
