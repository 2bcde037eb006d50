"""The source `waves`: pictures of plane waves, which go right, down, or aslant."""

from pathlib import Path

import numpy as np

from isthmus.sources import Source, SourceEntry, sources

DIRECTIONS = {"right": (1, 0), "down": (0, 1), "aslant": (1, 1)}


def load(root: Path | None, seed: int = 0) -> Source:
    """Draw 100 pictures [3, 64, 64] of each direction."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(DIRECTIONS)), 100)
    rows, columns = np.mgrid[:64, :64] / 64
    right, down = np.array([*DIRECTIONS.values()])[y].T[:, :, None, None]
    turns, start = rng.uniform(2, 8, (2, len(y), 1, 1))
    waves = np.sin(2 * np.pi * (turns * (right * columns + down * rows) + start))
    grey = (127.5 * (waves + 1)).astype(np.uint8)
    return Source("waves", "image", np.repeat(grey[:, None], 3, axis=1), y, tuple(DIRECTIONS))


sources.register("waves")(
    SourceEntry(name="waves", about="300 pictures of plane waves, drawn", modality="image", load=load)
)
