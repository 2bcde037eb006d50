"""Sources whose data lies on a disk: how they are registered."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from isthmus.errors import InputError
from isthmus.sources.source import Source, SourceEntry, sources
from isthmus.store import DataSet, Store, open_store

Open = Callable[[str, Store], Source]
"""(name, arrays) -> the source"""


def stored(name: str, about: str, modality: str, shape: str, data: DataSet, open_source: Open) -> None:
    """Register a source whose data lies on a disk.

    Args:
        name: of the source and of its data set.
        about, modality, shape, data: as a `SourceEntry` has them.
        open_source: makes the source of the arrays.
    """

    def load(seed: int, root: Path | None) -> Source:
        return _load(name, open_source, root)

    sources.register(name)(SourceEntry(about, modality, load, shape, data))


def _load(name: str, open_source: Open, root: Path | None) -> Source:
    """The source of prepared data; of a synthetic stand-in, with a name that says so.

    Raises:
        InputError: if no data was prepared, or there are more or fewer samples than labels.
    """
    store = open_store(name, root)
    source = open_source(name, store)
    if len(source.x) != len(source.y):
        raise InputError(f"'{store.folder}' has {len(source.x)} samples and {len(source.y)} labels")
    return replace(source, name=f"{name}-synthetic") if store.synthetic else source
