"""Source proxies: labelled samples of the modality a backbone was pretrained on. Knows no networks.

A new source is one file here that registers a `SourceEntry`; with data on a disk, by `stored(...)`.
"""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.sources.loading import check_source, load_source
    from isthmus.sources.source import Source, SourceEntry, sources

__all__ = ["Source", "SourceEntry", "check_source", "load_source", "sources"]

__getattr__ = lazy_names(__name__)
