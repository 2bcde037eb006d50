"""The task `tides`: is it spring tide or neap tide? Two days of the height of the sea, hour by hour."""

from pathlib import Path

import numpy as np

from isthmus.tasks import Task, TaskEntry, tasks

ABOUT = "height of the sea over 48 hours: spring tide or neap tide"
HOURS = np.arange(48)
MOON, SUN = 12.42, 12.0
"""Hours from one high tide to the next, of the moon's tide and of the sun's"""


def heights(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw heights [N, 48] and what they are [N]: the two tides go together, or against each other."""
    rng = np.random.default_rng(seed)
    start, spring = rng.uniform(0, 2 * np.pi, (count, 1)), rng.integers(0, 2, (count, 1))
    moon = np.sin(2 * np.pi * HOURS / MOON + start)
    sun = 0.46 * np.sin(2 * np.pi * HOURS / SUN + start + np.pi * (1 - spring))
    noise = 0.2 * rng.normal(size=moon.shape)
    return (moon + sun + noise).astype(np.float32), np.where(spring[:, 0], "spring", "neap")


def load(root: Path | None) -> Task:
    """Draw the task's samples."""
    return Task.from_arrays(*heights(200, seed=0), *heights(200, seed=1), name="tides", about=ABOUT)


tasks.register("tides")(
    TaskEntry(
        name="tides",
        about=ABOUT,
        kind="classification",
        shape="[1, 48] -> [2], 200 train, 200 test",
        reference="P. S. de Laplace (1775), Recherches sur plusieurs points du système du monde",
        load=load,
    )
)
