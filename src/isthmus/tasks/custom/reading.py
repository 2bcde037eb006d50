"""Reading of samples as a description says: for training, and later for predictions."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.config.description import Description, Names
from isthmus.errors import InputError
from isthmus.store.reading import same_length
from isthmus.tasks.arrays import to_array
from isthmus.tasks.custom.column_facts import is_text, moment
from isthmus.tasks.custom.contents import Contents, open_contents
from isthmus.tasks.custom.layout import layouts
from isthmus.tasks.custom.missing import first_gap
from isthmus.tasks.custom.names import each
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.tasks.custom.windows import to_windows

SAMPLES_LAST = "samples_last"
"""Layout under which x is as long as what belongs to it only afterwards"""


def opened(path: Path, description: Description) -> Contents:
    """Open a file or folder, with sound as the description wants it."""
    contents = open_contents(path)
    return contents if description.mel is None else contents.spectrograms(description.mel)


def read_raw(contents: Contents, description: Description, x: Names, y: Names | None) -> Samples:
    """Read samples and what belongs to them, in the order and layout of the file.

    Args:
        contents: Contents of the file.
        description: Names of ids, groups and times; those that the file lacks are left out.
        x: Name or names of the samples.
        y: Name or names of the targets; None for new data.

    Raises:
        InputError: If a name or a target is missing.
    """
    # y comes first, since a missing y may make the default x wrong too.
    targets = None if y is None else to_array(contents.take_with_gaps(y), "y")
    if targets is not None:
        refuse_gaps(contents, y, targets, "leave that row out")
    values = contents.take_with_gaps(x)
    if isinstance(values, np.ndarray) and values.dtype == object:
        values = list(values) if values.ndim == 1 else values
    found = {
        key: np.asarray(contents.take_with_gaps(name))
        for key in ("id", "group", "time", "weight")
        for name in (getattr(description, key),)
        if name is not None and (y is not None or name in contents.names)
    }
    return Samples(
        x=values,
        y=targets,
        ids={str(description.id): found["id"]} if "id" in found else {},
        groups=found.get("group"),
        times=None if "time" not in found else _moments(found["time"], str(description.time)),
        weights=None if "weight" not in found else _weights(found["weight"], str(description.weight)),
    )


def shaped(samples: Samples, description: Description, path: Path) -> Samples:
    """Return samples as a task takes them: axes in order, recordings cut into windows, classes as one column.

    Args:
        samples: Samples as they are in the file.
        description: How they are read.
        path: The file, for messages.

    Raises:
        InputError: If what belongs together differs in length, or samples do not fit the description.
    """
    if description.layout != SAMPLES_LAST:
        _check_lengths(samples, path)
    samples = layouts[description.layout or "channels_first"](samples)
    if description.layout == SAMPLES_LAST:
        _check_lengths(samples, path)
    samples = to_windows(samples, description.window, description.stride, description.window_label)
    return replace(samples, y=_targets(samples.y, description))


def _check_lengths(samples: Samples, path: Path) -> None:
    """Refuse what belongs together and differs in length."""
    beside = {"y": samples.y, "group": samples.groups, "time": samples.times, "weight": samples.weights}
    beside |= samples.ids
    same_length(path, x=samples.x, **{name: array for name, array in beside.items() if array is not None})


def refuse_gaps(contents: Contents, names: Names | None, values: Any, advice: str) -> None:
    """Refuse missing values.

    Args:
        contents: Contents of the file.
        names: Name or names that the values were read under.
        values: Array [N, ...] or list of arrays.
        advice: What the user can do.

    Raises:
        InputError: If there are some; says where in the file the first is, and how many.
    """
    found = first_gap(values)
    if found is None:
        return
    count, where = found
    several = isinstance(names, tuple)
    name = each(names)[where[1] if several else 0]
    index = [where[0], *where[2:]] if several else list(where)
    more = f" and in {count - 1} more places" if count > 1 else ""
    message = f"'{contents.path}' has nothing in {contents.place(name, index)}{more}; {advice}"
    raise InputError(message, kind="file", key=contents.path)


def without_axes(y: Any) -> Any:
    """Return an array [N] for [N, 1] and [N, 1, 1, 1], and anything else unchanged."""
    is_single = isinstance(y, np.ndarray) and y.ndim > 1 and len(y) and y[0].size == 1
    return y.reshape(len(y)) if is_single else y


def _targets(y: Any, description: Description) -> Any:
    """Return classes for one-hot columns, and [N] for [N, 1]."""
    if not isinstance(y, np.ndarray):
        return y
    y = without_axes(y)
    if not description.one_hot:
        return y
    if y.ndim != 2 or not (np.isin(y, (0, 1)).all() and (y.sum(1) == 1).all()):
        raise InputError(
            f"one_hot takes columns of 0 and 1 with a single 1 in each row; y has shape {list(y.shape)}"
            + (" and other values" if y.ndim == 2 else ""),
            key="one_hot",
        )
    numbers = y.argmax(1)
    names = description.y
    return np.array(names)[numbers] if isinstance(names, tuple) and len(names) == y.shape[1] else numbers


def _weights(values: np.ndarray, name: str) -> np.ndarray:
    """Return the weight of each sample, [N].

    Raises:
        InputError: If one is missing, negative or no number, or none is above 0.
    """
    if values.dtype.kind not in "biuf" or values.ndim != 1:
        raise InputError(f"'{name}' holds no weights; give one number for each sample", key="weight")
    weights = values.astype(np.float64)
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        row = int(bad.argmax())
        message = f"'{name}' holds {weights[row]:.4g} in row {row + 1}; a weight is a number of 0 or more"
        raise InputError(message, key="weight")
    if not weights.any():
        raise InputError(f"'{name}' is 0 for every sample; give some a weight above it", key="weight")
    return weights


def _moments(values: np.ndarray, name: str) -> np.ndarray:
    """Return when each row begins and ends, [N, 2], from numbers or dates.

    Raises:
        InputError: If they are neither.
    """
    if is_text(values):
        moments = np.array([moment(text) for text in values.tolist()], dtype=np.float64)
        if np.isnan(moments).any():
            row = int(np.isnan(moments).argmax())
            raise InputError(
                f"'{name}' holds '{values[row]}' in row {row + 1}, which is no time; numbers or dates such "
                "as 2024-05-31 are",
                key="time",
            )
    elif values.dtype.kind in "biufM" and values.ndim == 1:
        moments = values.astype(np.float64)
    else:
        raise InputError(f"'{name}' holds no times; numbers or dates are right", key="time")
    if np.isnan(moments).any():
        raise InputError(
            f"'{name}' has no time in row {int(np.isnan(moments).argmax()) + 1}; fill it in", key="time"
        )
    return np.stack([moments, moments], 1)
