"""What a source is, and the registry of sources."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from isthmus.errors import InputError
from isthmus.registry import Registry


@dataclass(frozen=True, eq=False)
class Source:
    """A labelled proxy of the modality that a backbone was pretrained on.

    Attributes:
        name: as in `sources`.
        modality: `image` or `text`.
        x: pictures [N, 3, H, W] uint8, or N texts.
        y: class numbers [N] int64.
        classes: their names.
    """

    name: str
    modality: str
    x: np.ndarray | list[str]
    y: np.ndarray
    classes: tuple[str, ...]

    def take(self, index: np.ndarray) -> Any:
        """The samples at `index` [B]: a tensor [B, 3, H, W] uint8, or a list of B texts."""
        if isinstance(self.x, list):
            return [self.x[i] for i in index]
        return torch.from_numpy(self.x[index])


@dataclass(frozen=True)
class SourceEntry:
    """A source that can be loaded, as `sources[name]`."""

    about: str
    modality: str
    load: Callable[[int], Source] = field(repr=False)
    """takes a seed, gives the source"""


sources: Registry[SourceEntry] = Registry("source", "isthmus.sources")


def load_source(name: str, modality: str, seed: int = 0) -> Source:
    """A source by its name.

    Args:
        name: one of `sources`.
        modality: that the backbone reads.
        seed: of a source that is drawn.

    Raises:
        InputError: if no source has that name, or it is of another modality.
    """
    entry = sources[name]
    if entry.modality != modality:
        fitting = ", ".join(n for n, e in sources.items() if e.modality == modality)
        raise InputError(
            f"the source '{name}' is {entry.modality} and the backbone reads {modality}; fitting: {fitting}"
        )
    return entry.load(seed)
