"""What the data of a run was, in numbers: samples, shapes, classes and their counts, ranges of targets."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from isthmus.store.arrays import evenly_spaced
from isthmus.tasks import Split, Task

SAMPLES = 1000
"""Samples whose targets are looked at, of those that are more than one class each"""


def summarise(task: Task, splits: Mapping[str, Split | None]) -> dict[str, Any]:
    """Describe the data of a run in plain values, as `data.json` holds them.

    Args:
        task: Task of the run.
        splits: Splits that it used, by their names; None for one that is not there.
    """
    return {
        "task": task.name,
        "kind": task.kind,
        "about": task.about,
        "metric": task.metric,
        "input_shape": list(task.input_shape),
        "output_shape": [task.output.channels, *task.output.size],
        "classes": list(task.classes),
        "splits": {
            name: _summarise_split(task, split) for name, split in splits.items() if split is not None
        },
    }


def _summarise_split(task: Task, split: Split) -> dict[str, Any]:
    """Describe the targets of a split.

    Returns:
        Number of samples, and `counts`: samples (positions of masks) of each class or with each label; or for
        numbers `targets`: mean, standard deviation, minimum and maximum of each channel. Of masks, labels and
        numbers at most `SAMPLES` evenly spaced samples are looked at.
    """
    samples, channels = len(split), task.output.channels
    looked_at = samples if task.stratified else min(samples, SAMPLES)
    y = np.asarray(split.y[evenly_spaced(samples, looked_at)])
    if y.dtype.kind in "iu":
        found = {"counts": np.bincount(y.ravel(), minlength=channels).tolist()}
    elif task.classes:
        found = {"counts": y[:, :channels].sum((0, *range(2, y.ndim))).astype(int).tolist()}
    else:
        found = {"targets": [_range(y[:, channel]) for channel in range(channels)]}
    return {"samples": samples, "looked_at": looked_at, **found}


def _range(values: np.ndarray) -> dict[str, float]:
    """Return mean, standard deviation, minimum and maximum."""
    values = values.astype(np.float64)
    figures = {"mean": values.mean(), "std": values.std(), "min": values.min(), "max": values.max()}
    return {name: float(f"{value:.6g}") for name, value in figures.items()}
