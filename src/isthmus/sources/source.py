"""What a source is, the registry of sources, and how a source whose data lies on a disk is registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.store import DataSet, DatasetEntry, Store, open_store
from isthmus.store.lazy_array import LazyArray

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, eq=False)
class Source:
    """A labelled proxy of the modality that a backbone was pretrained on.

    Attributes:
        name: Name in `sources`, or the path of a folder; the name of a synthetic stand-in says so.
        modality: `image` or `text`.
        x: Pictures [N, 3, H, W] uint8, possibly on a disk, or N texts.
        y: Class numbers [N], or masks of class numbers [N, h, w].
        classes: Names of the classes.
        probabilities: Probabilities of the classes [N, K] in place of class numbers, or None.
        change: Random change of the pictures that are drawn in training, or None.
    """

    name: str
    modality: str
    x: np.ndarray | LazyArray | list[str]
    y: np.ndarray
    classes: tuple[str, ...]
    probabilities: np.ndarray | None = None
    change: Callable[[Tensor, Generator], Tensor] | None = None

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.y)

    def take(self, index: np.ndarray) -> Any:
        """Return the samples at `index` [B]: a tensor [B, 3, H, W] uint8, or a list of B texts."""
        if isinstance(self.x, list):
            return [self.x[i] for i in index]
        import torch

        return torch.from_numpy(self.x[index])

    def draw(self, index: np.ndarray, generator: Generator) -> Any:
        """Return the samples at `index` [B] as they are for a training step, changed at random."""
        samples = self.take(index)
        return samples if self.change is None else self.change(samples, generator)

    def labels(self, index: np.ndarray) -> Tensor:
        """Return the labels at `index` [B]: int64 [B] or [B, h, w], or probabilities [B, K]."""
        import torch

        if self.probabilities is not None:
            return torch.from_numpy(self.probabilities[index])
        return torch.from_numpy(self.y[index].astype(np.int64))

    @property
    def size(self) -> tuple[int, ...]:
        """Size (h, w) of a mask; () where each sample has one class."""
        return tuple(self.y.shape[1:])


class SourceLoader(Protocol):
    """A function that loads a source."""

    def __call__(self, root: Path | None, seed: int = 0, /) -> Source:
        """Load the source.

        Args:
            root: Folder of all data; None for the default one.
            seed: Seed of a source that is drawn at random.
        """


@dataclass(frozen=True, kw_only=True)
class SourceEntry(DatasetEntry):
    """A source that can be loaded by its name, as `sources[name]`.

    Attributes:
        modality: Modality of the backbones that read it, `image` or `text`.
        load: Function that takes the folder of all data (None: the default one) and a seed, and returns the
            source.
    """

    modality: str
    load: SourceLoader = field(repr=False)


sources: Registry[SourceEntry] = Registry("source", "isthmus.sources", variable="sources")


def stored(
    name: str,
    about: str,
    modality: str,
    shape: str,
    data: DataSet,
    open_source: Callable[[str, Store], Source],
) -> None:
    """Register a source whose data lies on a disk.

    Args:
        name: Name of the source and of its data set.
        about: One line that says what the samples are.
        modality: Modality of the backbones that read it, `image` or `text`.
        shape: Shape of a sample -> shape of its label, and the number of samples.
        data: Data set; its first citation is the source's reference.
        open_source: Function that makes the source of its name and its stored arrays.
    """

    def load(root: Path | None, seed: int = 0) -> Source:
        return _load(name, open_source, root)

    entry = SourceEntry(
        name=name,
        about=about,
        modality=modality,
        shape=shape,
        reference=data.citation[0],
        load=load,
        data=data,
    )
    sources.register(name)(entry)


def _load(name: str, open_source: Callable[[str, Store], Source], root: Path | None) -> Source:
    """Load a source from its prepared data; the name of a synthetic stand-in says that it is one.

    Raises:
        InputError: If no data was prepared, or there are more or fewer samples than labels.
    """
    store = open_store(name, root)
    source = open_source(name, store)
    if len(source.x) != len(source.y):
        raise InputError(
            f"'{store.folder}' has {len(source.x)} samples and {len(source.y)} labels",
            kind="file",
            key=store.folder,
        )
    return replace(source, name=f"{name}-synthetic") if store.synthetic else source
