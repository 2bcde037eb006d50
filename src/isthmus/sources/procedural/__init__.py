"""Pictures drawn by formulas: the source `procedural`, and what `isthmus pretrain` learns from.

This is formula-driven supervised learning: a picture's label is the formula that drew it, or, for dense
targets (`procedural-masks`), the mask of its ink.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isthmus.seeding import torch_generator
from isthmus.sources.source import Source, SourceEntry, sources

if TYPE_CHECKING:
    from torch import Tensor

CLASSES = 10  # of each family
EACH = 25
SIZE = 64
INK = 0.3
"""Least ink of a point that counts as drawn."""


def load(root: Path | None = None, seed: int = 0) -> Source:
    """Draw 1,000 coloured pictures of 40 of the classes that `swin-micro` was pretrained on."""
    from isthmus.sources.procedural import pictures

    images, _, labels = _draw(seed)
    return Source("procedural", "image", images, labels, pictures.class_names(CLASSES))


def load_masks(root: Path | None = None, seed: int = 0) -> Source:
    """Draw the same pictures, each with a mask of its ink."""
    images, ink, _ = _draw(seed)
    masks = (ink > INK).byte().numpy()
    return Source("procedural-masks", "image", images, masks, ("ground", "ink"))


def _draw(seed: int) -> tuple[np.ndarray, Tensor, np.ndarray]:
    """Draw pictures [N, 3, 64, 64] uint8, their ink [N, 64, 64] in [0, 1], their classes [N]."""
    from isthmus.sources.procedural import pictures

    grey, labels = pictures.labelled(CLASSES, EACH, SIZE, seed)
    generator = torch_generator(seed, "procedural")
    ink = pictures.jitter(pictures.unit(grey), generator)
    images = pictures.colour(ink, generator).mul(255).round().byte().numpy()
    return images, ink, labels


sources.register("procedural")(
    SourceEntry(
        name="procedural",
        about="pictures of fractals, contours, curves and textures, drawn by formulas",
        modality="image",
        load=load,
    )
)
sources.register("procedural-masks")(
    SourceEntry(
        name="procedural-masks",
        about="the same pictures, with masks of what is drawn: for fields and masks",
        modality="image",
        load=load_masks,
    )
)
