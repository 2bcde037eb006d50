"""Target embedders: raw input to tokens. One file each."""

from isthmus.model.embedders.embedder import Embedder, embedders

__all__ = ["Embedder", "embedders"]
