"""Guesses about the columns of a table: which is y, which name the samples, which had better be left out."""

from collections.abc import Iterator

import numpy as np

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.tasks.custom.column_facts import (
    are_different,
    counts_rows,
    determines,
    has_classes,
    is_letters,
    is_rising,
    is_text,
    is_whole,
    known,
    moment,
    plain,
    smoothness,
    stem,
)
from isthmus.tasks.custom.guesses import Arrays, Guess, Guesser, listed

TARGETS = frozenset(
    {"y", "label", "labels", "class", "classes", "target", "targets", "species", "diagnosis", "outcome"}
)
ROWS = frozenset({"", "index", "idx", "no", "nr", "row", "rowid", "rownames", "unnamed", "unnamed0"})
"""Names of columns that number rows, so that a value that is repeated tells nothing"""
SAMPLES = frozenset(
    {"id", "sample", "sampleid", "sampleno", "samplenumber", "samplename", "key", "uuid", "file", "filename"}
    | {"spectrumid", "name"}
)
SUBJECTS = frozenset(
    {"subject", "subjectid", "patient", "patientid", "participant", "participantid", "person", "group"}
    | {"groupid"}
)
TIMES = frozenset({"time", "timestamp", "date", "datetime", "day", "seconds", "t"})
FEWEST_ROWS = 8
"""Rows below which nothing is made of an order that may be by chance"""
FEWEST_GROUPS = 4
SMOOTH = 0.9
COLUMNS = 8
"""Columns that are looked at for steps in time"""


def target_by_name(description: Description, columns: Arrays) -> Guess | None:
    """Take as y the one column that is called as targets are."""
    last = list(columns)[-1]
    found = [name for name in columns if plain(name) in TARGETS]
    if description.y is not None or last in found or len(found) != 1:
        return None
    return Guess(
        f"'{found[0]}' is y, since it is called so, and not the last column; to change it give --y '{last}'",
        {"y": found[0]},
    )


def target_at_the_end(description: Description, columns: Arrays) -> Guess | None:
    """Refuse a last column that is called as what is no target.

    Raises:
        InputError: If nothing else says which column is y.
    """
    last = list(columns)[-1]
    if description.y is not None or len(columns) < 2 or plain(last) not in ROWS | SAMPLES | SUBJECTS | TIMES:
        return None
    raise InputError(
        f"the last column, '{last}', is not called as a target is; give --y with the name of the targets, "
        f"or --y '{last}'",
        kind="missing",
        key="y",
    )


def target_in_front(description: Description, columns: Arrays) -> Guess | None:
    """Take the first column as y where it alone can hold classes and the others are points of a series.

    Raises:
        InputError: If the first column holds classes in words, the last numbers, and either may be y.
    """
    (first, *others), last = columns, list(columns)[-1]
    if description.y is not None or description.x is not None or not others:
        return None
    if not has_classes(columns[first]) or has_classes(columns[last]) or is_text(columns[last]):
        return None
    series = len(others) > 1 and len({stem(name) for name in others}) == 1
    fractions = not is_whole(columns[last])
    if series and (is_text(columns[first]) or fractions):
        return Guess(
            f"'{first}', the first column, is y: it holds classes, and the others are a series of numbers; "
            f"to change it give --y '{last}'",
            {"y": first},
        )
    if is_text(columns[first]) and plain(first) not in ROWS | SAMPLES | SUBJECTS | TIMES:
        raise InputError(
            f"either '{first}', which holds text, or '{last}', which holds numbers, may be y; "
            f"give --y '{first}' or --y '{last}'",
            kind="conflict",
            key="y",
        )
    if plain(first) in ROWS | SAMPLES | SUBJECTS | TIMES:
        return None
    return Guess(f"'{last}' is y, the last column; '{first}' may be classes as well: --y '{first}'")


def sample_names(description: Description, columns: Arrays) -> Guess | None:
    """Take as names of the samples the first column that is called so or counts the rows; drop others."""
    if description.x is not None:
        return None
    free = list(_free(description, columns))
    called = [name for name in free if plain(name) in ROWS | SAMPLES and are_different(columns[name])]
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
    for name in _free(description, columns):
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
    return None


def times(description: Description, columns: Arrays) -> Guess | None:
    """Take as times a column that is called so and rises, or holds dates in words."""
    if description.time is not None or description.x is not None:
        return None
    for name in _free(description, columns):
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
    found = [name for name in _free(description, columns) if not len(known(columns[name]))]
    if description.x is not None or not found:
        return None
    verb = "has" if len(found) == 1 else "have"
    return Guess(f"{listed(found)} {verb} no values: left out", {"drop": (*description.drop, *found)})


def words(description: Description, columns: Arrays) -> Guess | None:
    """Leave columns of text out of x, where others hold numbers or else sequences of letters."""
    if description.x is not None:
        return None
    free = list(_free(description, columns))
    numbers = any(not is_text(columns[name]) for name in free)
    found = [name for name in free if is_text(columns[name]) and (numbers or not is_letters(columns[name]))]
    if not found or len(found) == len(free):
        return None
    verb = "holds" if len(found) == 1 else "hold"
    return Guess(
        f"{listed(found)} {verb} text and cannot be part of x: left out; give --y if it is what to predict, "
        "--id or --group for names and groups",
        {"drop": (*description.drop, *found)},
    )


def rising(description: Description, columns: Arrays) -> Guess | None:
    """Tell of columns that rise from row to row."""
    found = [
        name
        for name in _free(description, columns)
        if len(columns[name]) >= FEWEST_ROWS and is_rising(columns[name])
    ]
    if description.x is not None or not found:
        return None
    verb = "rises" if len(found) == 1 else "rise"
    return Guess(
        f"{listed(found)} {verb} with the row: a time, or the order of measurement? to leave it out give "
        f"--drop '{found[0]}'"
    )


def leaks(description: Description, columns: Arrays) -> Guess | None:
    """Tell of columns that tell the target alone."""
    y = description.y if isinstance(description.y, str) else list(columns)[-1]
    if y not in columns or (description.y is not None and not isinstance(description.y, str)):
        return None
    target = columns[y]
    if target.ndim != 1 or len(target) < 2 * FEWEST_ROWS:
        return None
    found = [name for name in _free(description, columns) if _tells(columns[name], target)]
    if not found:
        return None
    verb = "tells" if len(found) == 1 else "tell"
    return Guess(
        f"{listed(found)} {verb} '{y}' alone: is it known before '{y}' is? to leave it out give "
        f"--drop '{found[0]}'"
    )


def time_steps(description: Description, columns: Arrays) -> Guess | None:
    """Tell of rows that look like time steps of one recording."""
    if description.layout is not None or description.window is not None or description.group is not None:
        return None
    y = description.y if isinstance(description.y, str) else list(columns)[-1]
    numbers = [
        columns[name].astype(np.float64)
        for name in _free(description, columns)
        if columns[name].ndim == 1 and columns[name].dtype.kind in "biuf"
    ][:COLUMNS]
    if not numbers or len(numbers[0]) < 6 * FEWEST_ROWS or not all(np.isfinite(v).all() for v in numbers):
        return None
    classes = columns[y] if y in columns and has_classes(columns[y]) else None
    if classes is None and description.time is None:
        return None  # rows sorted by y are as smooth
    if smoothness(np.stack(numbers, 1), classes) < SMOOTH:
        return None
    time = f" --time '{description.time}'" if description.time else ""
    return Guess(
        "rows are read as samples, but look like time steps of one recording; if they are, give "
        f"--layout rows_are_time --window 100{time}"
    )


COLUMN_GUESSES: tuple[Guesser, ...] = (
    target_by_name,
    target_in_front,
    target_at_the_end,
    sample_names,
    groups,
    times,
    empty_columns,
    words,
    rising,
    leaks,
    time_steps,
)
"""In their order: each knows what those before it have set"""


def _free(description: Description, columns: Arrays) -> Iterator[str]:
    """Yield the names of the columns that have no other role than x."""
    y = list(columns)[-1] if description.y is None else description.y
    taken = {*((y,) if isinstance(y, str) else y), *description.drop}
    taken |= {description.id, description.group, description.time}  # type: ignore[arg-type]
    asked = description.x
    for name, values in columns.items():
        chosen = asked is None or name == asked or (isinstance(asked, tuple) and name in asked)
        if name not in taken and chosen and values.dtype.kind in "biufUS":
            yield name


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
