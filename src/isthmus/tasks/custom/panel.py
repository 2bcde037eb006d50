"""What was understood of a file, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isthmus.config.description import Description, Names
from isthmus.tasks.custom.contents import Contents, Table
from isthmus.tasks.custom.guesses import listed
from isthmus.tasks.custom.names import each, shortened, validation_names
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.tasks.origin import Understood
from isthmus.tasks.task import Task

MOST_CLASSES = 12
"""Classes whose counts are shown"""
SPLITS = {
    "random": "at random",
    "group": "by whole groups",
    "time": "by time, the last ones",
}


def understood(
    description: Description,
    contents: Contents,
    task: Task,
    parts: Mapping[str, Samples],
    notes: Sequence[str],
    guesses: Sequence[str],
) -> Understood:
    """Put into words what was understood.

    Args:
        description: Complete description.
        contents: Contents of the file.
        task: Task made from it.
        parts: Samples of its splits.
        notes: What else is to be told.
        guesses: What was guessed.
    """
    assert description.x is not None
    return Understood(
        file=f"{description.data}" + (f", test data in {description.test}" if description.test else ""),
        samples=sum(len(part) for part in parts.values()),
        x=f"{_named(description.x, contents)}: {_axes(description, task, contents)}",
        y=f"{_named(description.y, contents)}: {task.kind}",
        targets=_targets(task),
        splits=_splits(description, task),
        ids=_ids(description, parts["train"]),
        left_out=_left_out(description, contents, task),
        notes=tuple(notes),
        guesses=tuple(guesses),
    )


def _named(names: Names | None, contents: Contents) -> str:
    """Return names as text: one, some, or a range."""
    short = shortened(each(names), contents) if names is not None else ()
    if isinstance(short, str):
        return f"{len(each(names))} {contents.item}s '{short}'"
    return f"{contents.item}{'s' if len(short) > 1 else ''} {listed(short)}"


def _axes(description: Description, task: Task, contents: Contents) -> str:
    """Return the shape of a sample with the meaning of its axes."""
    channels, *size = task.input_shape
    if len(size) == 2:
        return f"pictures of {channels} x {size[0]} x {size[1]} (channel x height x width)"
    windows = f", windows of a recording, one every {description.stride or description.window}"
    table = isinstance(contents, Table) and description.layout != "rows_are_time"
    series = f"series of {channels} x {size[0]} (channel x {'column' if table else 'time or position'})"
    return series + (windows if description.window else "")


def _targets(task: Task) -> str:
    """Return classes with their counts, or the range of the numbers."""
    y = np.asarray(task.train.y)
    if task.kind == "classification":
        counts = np.bincount(y, minlength=len(task.classes)).tolist()
        shown = [f"{name} {count}" for name, count in zip(task.classes, counts, strict=True)]
        more = [f"and {len(shown) - MOST_CLASSES} more"] if len(shown) > MOST_CLASSES else []
        return f"{len(task.classes)} classes in the training data: " + ", ".join(shown[:MOST_CLASSES] + more)
    if task.classes:
        return f"{len(task.classes)} {'labels' if task.kind == 'multilabel' else 'classes'}"
    size = " x ".join(map(str, (task.output.channels, *task.output.size)))
    what = "a number" if size == "1" else f"{size} numbers"
    return f"{what} from {y.min():.4g} to {y.max():.4g}, mean {y.mean():.4g}"


def _splits(description: Description, task: Task) -> str:
    """Return the number of samples of each split and what cuts go by."""
    how = SPLITS[description.split or "random"]
    test = "no test data (--hold-out 0.2 makes some)" if task.test is None else f"{len(task.test):,} test"
    if description.hold_out is not None:
        test += f", held out {how}"
    validation = f"cut from the training data {how}"
    if task.validation is not None:
        validation = f"{len(task.validation):,} samples of the file"
    return f"{len(task.train):,} training, {test}; validation: {validation}"


def _ids(description: Description, train: Samples) -> str:
    """Return what names samples, groups and times."""
    groups = "" if train.groups is None else f" ({len(np.unique(train.groups))} in the training data)"
    roles: dict[str, Any] = {
        "samples": description.id,
        f"groups{groups}": description.group,
        "times": description.time,
        "weights": description.weight,
    }
    return ", ".join(f"{role} '{name}'" for role, name in roles.items() if name is not None)


def _left_out(description: Description, contents: Contents, task: Task) -> str:
    """Return the names that have no role."""
    used = {*each(description.x), *each(description.y), *each(description.x_test), *each(description.y_test)}
    beside = (description.id, description.group, description.time, description.weight)
    used |= {name for name in beside if name is not None}
    used |= set(() if task.validation is None else validation_names(contents) or ())
    return listed(name for name in contents.names if name not in used)
