"""Tasks made from the user's files."""

from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import derive_seed
from isthmus.store.lazy_array import LazyArray
from isthmus.store.reading import same_length
from isthmus.tasks.arrays import to_array
from isthmus.tasks.custom.contents import Contents, Names, open_contents
from isthmus.tasks.custom.description import Description, describe
from isthmus.tasks.task import Split, Task, split_validation

Pair = tuple[Any, np.ndarray]
"""Samples and targets of one length"""


def custom_task(data: Path | str | None = None, description: Path | str | None = None) -> Task:
    """Make a task from the user's own files: `custom_task("my.npz")`, `custom_task("my.yaml")`.

    Args:
        data: `.npz`, `.h5`, `.csv`, `.parquet` or a folder of classes; or a `.yaml` file that describes one.
        description: A `.yaml` file that describes `data`.

    Raises:
        InputError: If anything is wrong with them: what, where, and what would be right.
    """
    return load(describe(data, description))


def load(description: Description) -> Task:
    """Load the task of a description.

    Args:
        description: Complete description, as `describe` returns it.

    Raises:
        InputError: If the data is not as described.
    """
    contents = open_contents(description.data)
    y = contents.default_y() if description.y is None else description.y
    x = contents.default_x(y) if description.x is None else description.x
    if shared := set(_each(x)) & set(_each(y)):
        raise InputError(
            f"'{min(shared)}' of '{description.data}' is both x and y; it can be one of them",
            kind="conflict",
            key=min(shared),
        )
    train = _read_pair(contents, x, y)
    kind = description.kind or _default_kind(train[1])
    test = _test_data(description, contents, x, y)
    try:
        if description.hold_out is not None:
            train, test = _hold_out(
                train, description.hold_out, description.seed, stratify=kind == "classification"
            )
        return Task.from_arrays(
            *train, *(test or ()), kind=kind, name=description.name, about=description.about
        )
    except InputError as error:
        raise InputError(f"'{description.data}': {error}", kind=error.kind, key=error.key) from None


def _test_data(description: Description, contents: Contents, x: Names, y: Names) -> Pair | None:
    """Read test data from its own file, under its own names, or under the default ones."""
    if description.test is not None:
        return _read_pair(open_contents(description.test), description.x_test or x, description.y_test or y)
    if description.x_test is not None and description.y_test is not None:
        return _read_pair(contents, description.x_test, description.y_test)
    described = (description.x, description.y, description.hold_out) != (None, None, None)
    names = None if described else contents.default_test()
    return _read_pair(contents, *names) if names else None


def _read_pair(contents: Contents, x: Names, y: Names) -> Pair:
    """Read samples and targets."""
    targets = to_array(contents.take(y), "y")  # First, since a missing y may make the default x wrong too.
    samples = contents.take(x)
    same_length(contents.path, x=samples, y=targets)
    return samples, targets


def _hold_out(pair: Pair, fraction: float, seed: int, stratify: bool) -> tuple[Pair, Pair]:
    """Cut test data from training data as validation data is cut."""
    x, y = pair
    classes = np.unique(y, return_inverse=True)[1] if stratify and y.ndim == 1 else np.zeros(len(y), int)
    numbered = Split(np.arange(len(y)), classes)
    try:
        train, test = split_validation(numbered, fraction, derive_seed(seed, "test"), stratify=True)
    except InputError:
        raise InputError(
            f"too few samples, {len(y)}, to hold out test data; a class needs two",
            kind="conflict",
            key="hold_out",
        ) from None
    assert test is not None
    return (_rows(x, train.x), y[train.x]), (_rows(x, test.x), y[test.x])


def _rows(values: Any, indices: np.ndarray) -> Any:
    """Return the rows of an array or a list."""
    if isinstance(values, LazyArray):
        return values.part(indices)
    return [values[i] for i in indices] if isinstance(values, list) else values[indices]


def _default_kind(y: np.ndarray) -> str:
    """Return the kind of a task with these targets."""
    return "regression" if y.dtype.kind == "f" else "classification"


def _each(names: Names) -> tuple[str, ...]:
    """Return one or several names as a tuple."""
    return (names,) if isinstance(names, str) else names
