"""Tasks made from the user's files: read, put in order, divided, filled in, and told."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.config.description import Description, Names
from isthmus.errors import InputError
from isthmus.tasks.custom.array_guesses import ARRAY_GUESSES
from isthmus.tasks.custom.column_guesses import COLUMN_GUESSES
from isthmus.tasks.custom.contents import Contents, Table
from isthmus.tasks.custom.description import describe, describe_in_memory
from isthmus.tasks.custom.dividing import checked_split, cut_of, hold_out, shared_groups
from isthmus.tasks.custom.guesses import guess
from isthmus.tasks.custom.missing import fill_in, fill_values, first_gap
from isthmus.tasks.custom.names import each, expanded, validation_names, with_names
from isthmus.tasks.custom.objects import contents_of
from isthmus.tasks.custom.panel import understood
from isthmus.tasks.custom.raw_samples import Samples, rows
from isthmus.tasks.custom.reading import opened, read_raw, refuse_gaps, shaped, without_axes
from isthmus.tasks.custom.roles import roles
from isthmus.tasks.origin import Origin, Understood
from isthmus.tasks.task import Split, Task

HOW_TO_FILL = "give --fill mean or --fill interpolation, or leave those rows out"


def custom_task(data: Any = None, description: Path | str | None = None, **keys: Any) -> Task:
    """Make a task from the user's own data: `custom_task("my.npz")`, `custom_task(frame, y="Brix")`.

    Args:
        data: File or folder of any format that data is read from; or a `.yaml` file that describes one; or
            data in memory: a pandas DataFrame, an xarray Dataset, a mapping of arrays, a torch Dataset.
        description: A `.yaml` file that describes `data`.
        **keys: Keys of a description, which replace what the file says.

    Raises:
        InputError: If anything is wrong with them: what, where, and what would be right.
    """
    if data is None or isinstance(data, str | Path):
        return load(describe(data, description, keys))
    contents = contents_of(data)
    return load(describe_in_memory(str(contents.path), description, keys), contents)


def load(description: Description, contents: Contents | None = None) -> Task:
    """Load the task of a description.

    Its `origin` holds the description with everything that was found out, and what was understood.

    Args:
        description: Complete description, as `describe` returns it.
        contents: Contents of the data; by default those of the file that the description names.

    Raises:
        InputError: If the data is not as described.
    """
    contents = contents or opened(description.data, description)
    asked = description
    description, guesses = _guess_columns(description, contents)
    description = _with_test_names(asked, with_names(description, contents), contents)
    raw = {part: read for part, read in _read_parts(description, contents).items() if read is not None}
    try:
        return _task(description, contents, raw, guesses)
    except InputError as error:
        message = str(error)
        told = message if str(description.data) in message else f"'{description.data}': {message}"
        raise InputError(told, kind=error.kind, key=error.key) from None


def _task(
    description: Description, contents: Contents, raw: dict[str, Samples], guesses: tuple[str, ...]
) -> Task:
    """Make the task of samples that are read."""
    arrays: dict[str, Any] = {"x": raw["train"].x, "y": without_axes(raw["train"].y)}
    if "test" in raw:
        arrays["x_test"] = raw["test"].x
    description, more = guess(ARRAY_GUESSES, description, arrays)
    paths = {"test": description.test or description.data}
    parts = {
        name: shaped(samples, description, paths.get(name, description.data)) for name, samples in raw.items()
    }
    train, kind = parts["train"], description.kind or default_kind(parts["train"].y)
    split = checked_split(description, train)
    notes = [*contents.notes, *shared_groups(parts)]
    if description.hold_out is not None:
        stratify = kind == "classification"
        parts["train"], parts["test"] = hold_out(
            train, description.hold_out, split, description.seed, stratify
        )
    found = {"kind": kind, "split": split, "layout": description.layout or "channels_first"}
    description = description.model_copy(update=found)
    task, filled, parts_now = _filled(description, parts, None)
    if missing := description.fill is not None and first_gap(parts["train"].x):
        count = f"{missing[0]:,} missing {'value' if missing[0] == 1 else 'values'}"
        notes.append(f"{count} of x in the training data: filled in by {description.fill}")
    told = understood(filled, contents, task, parts_now, notes, (*guesses, *more))
    columns = each(filled.x) if isinstance(contents, Table) and filled.layout != "rows_are_time" else ()
    columns = columns if task.input_shape == (1, len(columns)) else ()
    task = replace(task, origin=Origin(filled, told, parts_now["train"].ids), columns=columns)
    is_learned = isinstance(description.fill, str) and isinstance(filled.fill, tuple)
    return (
        replace(task, filled_from=partial(_refilled, description, parts, told, columns))
        if is_learned and missing
        else task
    )


def _filled(
    description: Description, parts: dict[str, Samples], numbers: np.ndarray | None
) -> tuple[Task, Description, dict[str, Samples]]:
    """Make the task of samples that may lack values; return the fill values and the filled samples, too.

    Args:
        description: Description with everything that was found out but the fill values.
        parts: Samples of each split.
        numbers: Training samples that say what fills missing values in; None for all.
    """
    train, kind, split = parts["train"], str(description.kind), str(description.split)
    if description.fill is not None:
        values = fill_values(description.fill, train.x if numbers is None else rows(train.x, numbers))
        parts = {name: replace(part, x=fill_in(part.x, values)) for name, part in parts.items()}
        train, description = parts["train"], description.model_copy(update={"fill": values})
    test, validation = parts.get("test"), parts.get("validation")
    words = {"kind": kind, "name": description.name, "about": description.about}
    task = Task.from_arrays(train.x, train.y, *(() if test is None else (test.x, test.y)), **words)
    weights = None if train.weights is None else train.weights / train.weights.mean()
    task = replace(task, train=replace(task.train, cut=cut_of(train, split), weights=weights))
    if validation is not None:
        task = replace(task, validation=_encoded(task, train, validation, words))
    return task, description, parts


def _refilled(
    description: Description,
    parts: dict[str, Samples],
    told: Understood,
    columns: tuple[str, ...],
    numbers: np.ndarray,
) -> Task:
    """Make the task anew, its missing values filled in from some of the training samples alone."""
    task, description, _ = _filled(description, parts, numbers)
    return replace(task, origin=Origin(description, told, parts["train"].ids), columns=columns)


def _guess_columns(description: Description, contents: Contents) -> tuple[Description, tuple[str, ...]]:
    """Guess what the columns of a table are."""
    if not isinstance(contents, Table):
        return description, ()
    if description.y is not None or description.x is not None:
        names = with_names(description, contents)  # ranges in place, so that guesses know what is taken
        given = {"y": names.y} | ({"x": names.x} if description.x is not None else {})
        description = description.model_copy(update=given | {"drop": names.drop})
    drop = each(expanded(description.drop, contents)) if description.drop else ()
    kept = [name for name in contents.columns if name not in drop]
    if description.x is not None:
        beside = (description.id, description.group, description.time, description.weight)
        kept = [name for name in kept if name in {*each(description.x), *each(description.y), *beside}]
    if not kept:
        return description, ()
    columns = {name: np.asarray(contents.take_with_gaps(name)) for name in kept}
    return guess(COLUMN_GUESSES, description, columns)


def _with_test_names(asked: Description, description: Description, contents: Contents) -> Description:
    """Return the description with the usual names of test data, where nothing else was asked for."""
    if (asked.x, asked.y, asked.hold_out, asked.test, asked.x_test) != (None,) * 5:
        return description
    names = contents.default_test()
    if names is None:
        return description
    x_test: Names = names[0]
    y_test = names[1]
    if isinstance(contents, Table):  # columns of the same names, but for what they begin with
        prefix = y_test.removesuffix(contents.default_y())
        x_test, y_test = tuple(prefix + name for name in each(description.x)), f"{prefix}{description.y}"
    return description.model_copy(update={"x_test": x_test, "y_test": y_test})


def _read_parts(description: Description, contents: Contents) -> dict[str, Samples | None]:
    """Read training, test and validation data: from their own file, under their own names, or usual ones."""
    assert description.x is not None
    x, y = description.x, description.y
    train = _read(contents, description, x, y)
    parts: dict[str, Samples | None] = {"train": train}
    beside = _beside(description, contents)
    if description.test is not None:
        other = opened(description.test, description)
        if not isinstance(train.x, list):
            other = other.fitted(tuple(train.x.shape[1:]))
        unweighted = description.model_copy(update={"weight": None})
        parts["test"] = _read(other, unweighted, description.x_test or x, description.y_test or y)
    elif description.x_test is not None:
        parts["test"] = _read(contents, beside, description.x_test, description.y_test)
    pair = validation_names(contents)
    found = roles(contents.names)
    usual = (found.get("x_train") or found.get("x"), found.get("y_train") or found.get("y"))
    if pair and not isinstance(contents, Table) and usual == (x, y):
        parts["validation"] = _read(contents, beside, *pair)
    return parts


def _beside(description: Description, contents: Contents) -> Description:
    """Return the description with the names of ids, groups and times of the test columns of a table."""
    if not isinstance(contents, Table) or description.x_test is None:
        return description.model_copy(update={"id": None, "group": None, "time": None, "weight": None})
    prefix = each(description.x_test)[0].removesuffix(each(description.x)[0])
    keys = {key: getattr(description, key) for key in ("id", "group", "time")}
    names = {key: name and prefix + name for key, name in keys.items()}
    return description.model_copy(update={**names, "weight": None})  # errors are of samples as they are


def _read(contents: Contents, description: Description, x: Any, y: Any) -> Samples:
    """Read samples; refuse missing values that nothing fills in."""
    samples = read_raw(contents, description, x, y)
    if description.fill is None:
        refuse_gaps(contents, x, samples.x, HOW_TO_FILL)
    return samples


def _encoded(task: Task, train: Samples, validation: Samples, words: dict[str, str]) -> Split:
    """Return validation data in the classes and the shape of the training data."""
    try:
        encoded = Task.from_arrays(train.x, train.y, validation.x, validation.y, **words).test
    except InputError as error:
        message = str(error).replace("x_test", "x_val").replace("y_test", "y_val")
        raise InputError(message, kind=error.kind, key=error.key) from None
    assert encoded is not None
    return encoded


def default_kind(y: np.ndarray) -> str:
    """Return the kind of a task with these targets, where nothing else is known of them."""
    return "regression" if y.dtype.kind == "f" else "classification"
