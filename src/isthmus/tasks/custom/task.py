"""From a description to a task."""

from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import derive_seed
from isthmus.store.reading import same_length
from isthmus.tasks.arrays import to_array
from isthmus.tasks.custom.contents import Contents, Names, open_contents
from isthmus.tasks.custom.description import Description, describe
from isthmus.tasks.task import Split, Task
from isthmus.tasks.validation import split_validation

Pair = tuple[Any, np.ndarray]
"""x and y, of one length"""


def custom_task(data: Path | str | None = None, description: Path | str | None = None) -> Task:
    """A task of the user's own files: `custom_task("my.npz")`, `custom_task("my.yaml")`.

    Args:
        data: `.npz`, `.h5`, `.csv`, `.parquet`, a folder of classes; or a `.yaml` file that describes it.
        description: such a file, for data that is given.

    Raises:
        InputError: if anything is wrong with them: what, where, and what would be right.
    """
    return load(describe(data, description))


def load(said: Description) -> Task:
    """The task that a description tells of.

    Raises:
        InputError: if the data is not as described.
    """
    contents = open_contents(said.data)
    y = contents.usual_y() if said.y is None else said.y
    x = contents.usual_x(y) if said.x is None else said.x
    if shared := set(_each(x)) & set(_each(y)):
        raise InputError(f"'{min(shared)}' of '{said.data}' is both x and y; it can be one of them")
    train = _pair(contents, x, y)
    kind = said.kind or _usual_kind(train[1])
    test = _test(said, contents, x, y)
    try:
        if said.hold_out is not None:
            train, test = _hold_out(train, said.hold_out, said.seed, stratify=kind == "classification")
        return Task.from_arrays(*train, *(test or ()), kind=kind, name=said.name, about=said.about)
    except InputError as error:
        raise InputError(f"'{said.data}': {error}") from None


def _test(said: Description, contents: Contents, x: Names, y: Names) -> Pair | None:
    """Test data from its own file, under its own names, or under the usual ones."""
    if said.test is not None:
        return _pair(open_contents(said.test), said.x_test or x, said.y_test or y)
    if said.x_test is not None and said.y_test is not None:
        return _pair(contents, said.x_test, said.y_test)
    said_or_cut = (said.x, said.y, said.hold_out) != (None, None, None)
    usual = None if said_or_cut else contents.usual_test()
    return _pair(contents, *usual) if usual else None


def _pair(contents: Contents, x: Names, y: Names) -> Pair:
    targets = to_array(contents.take(y), "y")  # first: where y is not there, the usual x may be wrong too
    samples = contents.take(x)
    same_length(contents.path, x=samples, y=targets)
    return samples, targets


def _hold_out(pair: Pair, fraction: float, seed: int, stratify: bool) -> tuple[Pair, Pair]:
    """Training and test data, cut as validation data is."""
    x, y = pair
    classes = np.unique(y, return_inverse=True)[1] if stratify and y.ndim == 1 else np.zeros(len(y), int)
    numbered = Split(np.arange(len(y)), classes)
    try:
        left, held = split_validation(numbered, fraction, derive_seed(seed, "test"), stratify=True)
    except InputError:
        raise InputError(f"too few samples, {len(y)}, to hold out test data; a class needs two") from None
    assert held is not None
    return (_rows(x, left.x), _rows(y, left.x)), (_rows(x, held.x), _rows(y, held.x))


def _rows(values: Any, indices: np.ndarray) -> Any:
    return [values[i] for i in indices] if isinstance(values, list) else values[indices]


def _usual_kind(y: np.ndarray) -> str:
    return "regression" if y.dtype.kind == "f" else "classification"


def _each(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names
