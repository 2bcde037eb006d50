"""Source proxies: labelled samples of the modality a backbone was pretrained on. Knows no networks."""

from isthmus.sources.source import Source, SourceEntry, load_source, sources

__all__ = ["Source", "SourceEntry", "load_source", "sources"]
