"""Recordings become windows, each a sample with a target of its own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.tasks.custom.raw_samples import Samples

window_labels: Registry[Callable[[np.ndarray], Any]] = Registry("window_label", "isthmus.tasks.custom")
"""Target of a window from those of its points [w, ...], by name"""


@window_labels.register("majority")
def majority(targets: np.ndarray) -> Any:
    """Return the most frequent one, of equally frequent ones the first in order."""
    values, counts = np.unique(targets, return_counts=True)
    return values[counts.argmax()]


@window_labels.register("mean")
def mean(targets: np.ndarray) -> Any:
    """Return the mean of numbers.

    Raises:
        InputError: For text.
    """
    if targets.dtype.kind not in "biuf":
        message = "the mean of classes is no class; give --window-label majority or end"
        raise InputError(message, key="window_label")
    return targets.mean(0)


@window_labels.register("end")
def end(targets: np.ndarray) -> Any:
    """Return the last one."""
    return targets[-1]


def to_windows(samples: Samples, window: int | None, stride: int | None, label: str | None) -> Samples:
    """Cut recordings into windows; without a window, each recording is one sample.

    Args:
        samples: Recordings: a list of [C, L], or an array [N, L] or [N, C, L].
        window: Points of a window, w; None for whole recordings.
        stride: Points from one window to the next; None for a window.
        label: Name in `window_labels`; None for the majority of classes and the mean of numbers.

    Returns:
        Samples [M, C, w], with the number of the recording, and of the first point in it, as ids.

    Raises:
        InputError: If no recording is as long as a window, or points of one recording have different targets
            and there is no window.
    """
    if window is None:
        return _whole(samples) if isinstance(samples.y, list) or isinstance(samples.times, list) else samples
    recorded = samples.x if isinstance(samples.x, list) else np.asarray(samples.x)
    recordings = [np.atleast_2d(np.asarray(recording)) for recording in recorded]
    if recordings and recordings[0].ndim > 2:
        raise InputError("only series have windows, and x has pictures; leave window out", key="window")
    starts = [np.arange(0, r.shape[1] - window + 1, stride or window) for r in recordings]
    number = np.repeat(np.arange(len(recordings)), [len(s) for s in starts])
    if not len(number):
        longest = max((r.shape[1] for r in recordings), default=0)
        raise InputError(
            f"no recording has the {window} points of a window; the longest has {longest}", key="window"
        )
    first = np.concatenate(starts)
    cuts = list(zip(number.tolist(), first.tolist(), strict=True))
    ids = {name: values[number] for name, values in samples.ids.items()} or {"recording": number}
    return Samples(
        x=np.stack([recordings[i][:, start : start + window] for i, start in cuts]),
        y=_targets(samples.y, cuts, window, label),
        ids=ids | {"first": first},
        groups=number if samples.groups is None else samples.groups[number],
        times=_spans(samples.times, cuts, window),
        weights=None if samples.weights is None else samples.weights[number],
    )


def _targets(y: Any, cuts: list[tuple[int, int]], window: int, label: str | None) -> np.ndarray | None:
    """Return the target of each window: that of its recording, or one made from those of its points."""
    if y is None:
        return None
    if not isinstance(y, list):
        targets: np.ndarray = y[[i for i, _ in cuts]]
        return targets
    name = label or ("mean" if y[0].dtype.kind == "f" else "majority")
    return np.array([window_labels[name](y[i][start : start + window]) for i, start in cuts])


def _spans(times: Any, cuts: list[tuple[int, int]], window: int) -> np.ndarray:
    """Return when each window begins and ends: in time, or in points of its recording."""
    if isinstance(times, list):
        return np.array([(times[i][start], times[i][start + window - 1]) for i, start in cuts], dtype=float)
    if times is not None:
        return np.array([times[i] for i, _ in cuts], dtype=float)
    return np.array([(start, start + window - 1) for _, start in cuts], dtype=float)


def _whole(samples: Samples) -> Samples:
    """Return each recording as one sample, with the one target of its points."""
    y = samples.y
    if isinstance(y, list):
        for number, targets in enumerate(y):
            if (targets != targets[:1]).any():
                raise InputError(
                    f"recording {number} has points with different targets; give --window, or --group if "
                    "there are several recordings",
                    kind="missing",
                    key="window",
                )
        y = np.array([targets[0] for targets in y])
    times = samples.times
    if isinstance(times, list):
        times = np.array([(part[0], part[-1]) for part in times], dtype=float)
    return replace(samples, y=y, times=times)
