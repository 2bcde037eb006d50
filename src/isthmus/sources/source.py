"""What a source is, and the registry of sources."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.registry import Registry
from isthmus.store import DataSet
from isthmus.store.lazy_array import LazyArray


@dataclass(frozen=True, eq=False)
class Source:
    """A labelled proxy of the modality that a backbone was pretrained on.

    Attributes:
        name: as in `sources`, or the path of a folder; of a synthetic stand-in, one that says so.
        modality: `image` or `text`.
        x: pictures [N, 3, H, W] uint8, perhaps on a disk, or N texts.
        y: class numbers [N], or masks of class numbers [N, h, w].
        classes: their names.
    """

    name: str
    modality: str
    x: np.ndarray | LazyArray | list[str]
    y: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: np.ndarray) -> Any:
        """The samples at `index` [B]: a tensor [B, 3, H, W] uint8, or a list of B texts."""
        if isinstance(self.x, list):
            return [self.x[i] for i in index]
        return torch.from_numpy(self.x[index])

    def labels(self, index: np.ndarray) -> Tensor:
        """The labels at `index` [B]: int64 [B], or [B, h, w]."""
        return torch.from_numpy(self.y[index].astype(np.int64))

    @property
    def size(self) -> tuple[int, ...]:
        """Of a mask, (h, w); () where each sample has one class."""
        return tuple(self.y.shape[1:])


@dataclass(frozen=True)
class SourceEntry:
    """A source that can be loaded, as `sources[name]`."""

    about: str
    modality: str
    load: Callable[[int, Path | None], Source] = field(repr=False)
    """takes a seed and the folder of all data (None: the default one), gives the source"""
    shape: str = ""
    """of a sample -> of its label, and how many there are"""
    data: DataSet | None = field(default=None, repr=False)
    """files, arrays and how the one becomes the other; None if there is nothing on a disk"""


sources: Registry[SourceEntry] = Registry("source", "isthmus.sources")
