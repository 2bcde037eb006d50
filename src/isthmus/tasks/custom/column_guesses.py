"""Guesses about the columns of a table: sample names, groups, times, what is left out, what rows are."""

import numpy as np

from isthmus.config.description import Description
from isthmus.tasks.custom.column_facts import (
    FEWEST_POSITIONS,
    FEWEST_ROWS,
    ROWS,
    SAMPLES,
    SUBJECTS,
    TIMES,
    are_different,
    counts_rows,
    determines,
    first_words,
    free_columns,
    has_classes,
    is_key,
    is_letters,
    is_rising,
    is_text,
    known,
    moment,
    plain,
    smoothness,
)
from isthmus.tasks.custom.guesses import Arrays, Guess, Guesser, listed
from isthmus.tasks.custom.part_guesses import PART_GUESSES
from isthmus.tasks.custom.series_guesses import beside_a_series
from isthmus.tasks.custom.target_guesses import TARGET_GUESSES

MARKS = (-999, -9999, -99999)
"""Numbers that often stand for a missing one"""
FEWEST_GROUPS = 4
SMOOTH = 0.9
DAY = 86_400.0
MOST_COMPARED = 2**22
"""Numbers of a table in which rows that repeat others are looked for"""
COLUMNS = 8
"""Columns that are looked at for steps in time"""


def sample_names(description: Description, columns: Arrays) -> Guess | None:
    """Take as names of the samples the first column that is called so or counts the rows; drop others."""
    if description.x is not None:
        return None
    free = list(free_columns(description, columns))
    called = [
        name
        for name in free
        if are_different(columns[name]) and (plain(name) in ROWS | SAMPLES or is_key(name, columns[name]))
    ]
    counting = [n for n in free if len(columns[n]) >= FEWEST_ROWS and counts_rows(columns[n])]
    found = [name for name in free if name in (*called, *counting) and plain(name) not in TIMES]
    if not found:
        return None
    names, others = ("", found) if description.id is not None else (found[0], found[1:])
    told = [f"'{names}' names the samples"] if names else []
    told += [f"{listed(others)} only {'counts' if len(others) == 1 else 'count'} the rows"] if others else []
    change = {"drop": (*description.drop, *others)} | ({"id": names} if names else {})
    return Guess(f"{' and '.join(told)}: left out of x; to keep such a column give --x with its name", change)


def groups(description: Description, columns: Arrays) -> Guess | None:
    """Take as groups a column that is called as subjects are, or as samples are and repeats."""
    if description.group is not None or description.split is not None or description.x is not None:
        return None
    for name in free_columns(description, columns):
        repeats = 2 <= len(np.unique(columns[name])) < len(columns[name])
        if not repeats or plain(name) not in SUBJECTS | SAMPLES:
            continue
        count = len(np.unique(columns[name]))
        if count < FEWEST_GROUPS:
            return Guess(
                f"'{name}' may tell whom samples belong to: --group '{name}' keeps each on one side of every "
                f"cut; to leave it out of x give --drop '{name}'"
            )
        return Guess(
            f"'{name}' tells what samples belong to, {count} groups: none is on both sides of a cut, and it "
            f"is no part of x; to change it give --split random --drop '{name}', or --x",
            {"group": name},
        )
    keys = [name for name in free_columns(description, columns) if is_key(name, columns[name])]
    if not keys:
        return None
    return Guess(
        f"'{keys[0]}' may tell what samples belong to, and is read as a number: --group '{keys[0]}' keeps "
        f"each on one side of every cut; to leave it out give --drop '{keys[0]}'"
    )


def series_column(description: Description, columns: Arrays) -> Guess | None:
    """Take as x the one column that holds a series in each row."""
    free = list(free_columns(description, columns))
    found = [name for name in free if columns[name].ndim > 1]
    others = [name for name in free if name not in found]
    if description.x is not None or len(found) != 1 or not others:
        return None
    return Guess(
        f"'{found[0]}' holds a series in each row and is x; {listed(others)} left out",
        {"drop": (*description.drop, *others)},
    )


def times(description: Description, columns: Arrays) -> Guess | None:
    """Take as times a column that is called so and rises, or holds dates in words."""
    if description.time is not None or description.x is not None:
        return None
    for name in free_columns(description, columns):
        values = columns[name]
        dated = is_text(values) and all(moment(text) == moment(text) for text in values.tolist())
        if dated or (plain(name) in TIMES and len(values) >= FEWEST_ROWS and is_rising(values)):
            return Guess(
                f"'{name}' is taken as times, and left out of x; --split time cuts the last ones off, "
                "--x with its name keeps it",
                {"time": name},
            )
    return None


def empty_columns(description: Description, columns: Arrays) -> Guess | None:
    """Leave columns without any value out of x."""
    found = [name for name in free_columns(description, columns) if not len(known(columns[name]))]
    if description.x is not None or not found:
        return None
    verb = "has" if len(found) == 1 else "have"
    return Guess(f"{listed(found)} {verb} no values: left out", {"drop": (*description.drop, *found)})


def words(description: Description, columns: Arrays) -> Guess | None:
    """Leave columns of text out of x, where others hold numbers or else sequences of letters."""
    if description.x is not None:
        return None
    free = list(free_columns(description, columns))
    numbers = any(not is_text(columns[name]) for name in free)
    found = [name for name in free if is_text(columns[name]) and (numbers or not is_letters(columns[name]))]
    if not found or len(found) == len(free):
        return None
    verb = "holds" if len(found) == 1 else "hold"
    return Guess(
        f"{listed(found)} {verb} text, as '{first_words(columns[found[0]])}', and cannot be part of x: left "
        "out; give --y if it is what to predict, --id or --group for names and groups",
        {"drop": (*description.drop, *found)},
    )


def rising(description: Description, columns: Arrays) -> Guess | None:
    """Tell of columns that rise from row to row."""
    found = [
        name
        for name in free_columns(description, columns)
        if len(columns[name]) >= FEWEST_ROWS and is_rising(columns[name])
    ]
    if description.x is not None or not found:
        return None
    verb = "rises" if len(found) == 1 else "rise"
    return Guess(
        f"{listed(found)} {verb} with the row: a time, or the order of measurement? to leave it out give "
        f"--drop '{found[0]}'"
    )


def marks(description: Description, columns: Arrays) -> Guess | None:
    """Tell of numbers that often stand for missing ones."""
    numbers = [
        columns[name] for name in free_columns(description, columns) if columns[name].dtype.kind in "if"
    ]
    for mark in MARKS:
        count = sum(int((values == mark).sum()) for values in numbers)
        smallest = min((values[values != mark].min(initial=0) for values in numbers), default=0)
        if count and smallest > mark / 2:
            places = "once" if count == 1 else f"{count} times"
            return Guess(
                f"x holds {mark} {places}, which often stands for a missing value; if it does, leave these "
                "cells empty and give --fill mean or --fill interpolation"
            )
    return None


def copies(description: Description, columns: Arrays) -> Guess | None:
    """Tell of rows that repeat others."""
    free = [columns[name] for name in free_columns(description, columns) if columns[name].dtype.kind in "if"]
    if description.group is not None or len(free) < FEWEST_POSITIONS or free[0].ndim != 1:
        return None
    if any(values.ndim != 1 for values in free) or len(free) * len(free[0]) > MOST_COMPARED:
        return None
    rows = np.stack(free, 1)
    repeated = len(rows) - len(np.unique(rows, axis=0))
    if repeated <= len(rows) / 100:
        return None
    return Guess(
        f"{repeated} of {len(rows)} rows repeat others; where copies are on both sides of a cut, errors come "
        "out too small: remove them, or give copies one name in a column and name it by --group"
    )


def leaks(description: Description, columns: Arrays) -> Guess | None:
    """Tell of columns that tell the target alone."""
    y = description.y if isinstance(description.y, str) else list(columns)[-1]
    if y not in columns or (description.y is not None and not isinstance(description.y, str)):
        return None
    target = columns[y]
    if target.ndim != 1 or len(target) < 2 * FEWEST_ROWS:
        return None
    found = [name for name in free_columns(description, columns) if _tells(columns[name], target)]
    if not found:
        return None
    verb = "tells" if len(found) == 1 else "tell"
    return Guess(
        f"{listed(found)} {verb} '{y}' alone: is it known before '{y}' is? to leave it out give "
        f"--drop '{found[0]}'"
    )


def steps_of_groups(description: Description, columns: Arrays) -> Guess | None:
    """Tell of rows that look like the time steps of many recordings, one for each group."""
    if description.layout is not None or description.window is not None or description.group is None:
        return None
    if description.group not in columns:
        return None
    _, number = np.unique(columns[description.group], return_inverse=True)
    order = np.argsort(number, kind="stable")
    inside = np.diff(number[order]) == 0
    sizes = np.bincount(number)
    for name in free_columns(description, columns):
        values = columns[name]
        if plain(name) not in TIMES or values.ndim != 1 or values.dtype.kind not in "iuf" or sizes.min() < 2:
            continue
        if (np.diff(values[order])[inside] > 0).all():
            return Guess(
                f"'{name}' begins anew with each of {len(sizes)} '{description.group}', so rows look like "
                f"the time steps of recordings; if they are, give --layout rows_are_time --time '{name}' "
                f"--group '{description.group}' --window {sizes.min()}"
            )
    return None


def time_steps(description: Description, columns: Arrays) -> Guess | None:
    """Tell of rows that look like time steps of one recording."""
    if description.layout is not None or description.window is not None or description.group is not None:
        return None
    y = description.y if isinstance(description.y, str) else list(columns)[-1]
    numbers = [
        columns[name].astype(np.float64)
        for name in free_columns(description, columns)
        if columns[name].ndim == 1 and columns[name].dtype.kind in "biuf"
    ][:COLUMNS]
    if not numbers or len(numbers[0]) < 6 * FEWEST_ROWS or not all(np.isfinite(v).all() for v in numbers):
        return None
    classes = columns[y] if y in columns and has_classes(columns[y]) else None
    if classes is None and description.time is None:
        return None  # rows sorted by y are as smooth
    regular = description.time is not None and _is_regular(columns[description.time])
    if not regular and smoothness(np.stack(numbers, 1), classes) < SMOOTH:
        return None
    time = f" --time '{description.time}'" if description.time else ""
    return Guess(
        "rows are read as samples, but look like time steps of one recording; if they are, give "
        f"--layout rows_are_time --window 100{time}"
    )


COLUMN_GUESSES: tuple[Guesser, ...] = (
    *TARGET_GUESSES,
    *PART_GUESSES,
    sample_names,
    groups,
    times,
    empty_columns,
    words,
    series_column,
    beside_a_series,
    rising,
    leaks,
    marks,
    copies,
    steps_of_groups,
    time_steps,
)
"""In their order: each knows what those before it have set"""


def _is_regular(times: np.ndarray) -> bool:
    """Return whether times follow one another at one distance of less than a day."""
    moments = np.array([moment(text) for text in times.tolist()]) if is_text(times) else times
    steps = np.diff(moments.astype(np.float64))
    return bool(
        len(steps) and steps.min() > 0 and np.allclose(steps, np.median(steps), rtol=0.05) and steps[0] < DAY
    )


def _tells(column: np.ndarray, target: np.ndarray) -> bool:
    """Return whether a column tells the target alone: each value one class, or the target in another unit."""
    if column.ndim != 1:
        return False
    if has_classes(target):
        return determines(column, target)
    if is_text(column) or is_text(target) or not (np.isfinite(column).all() and np.isfinite(target).all()):
        return False
    if column.std() == 0 or target.std() == 0:
        return False
    return bool(abs(np.corrcoef(column, target)[0, 1]) > 1 - 1e-9)
