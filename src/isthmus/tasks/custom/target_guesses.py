"""Guesses about the targets of a table: which column is y, where none was named."""

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.tasks.custom.column_facts import (
    FEWEST_ROWS,
    POSITIONS,
    ROWS,
    SAMPLES,
    SUBJECTS,
    TARGETS,
    TIMES,
    has_classes,
    is_letters,
    is_monotonic,
    is_text,
    is_whole,
    plain,
    stem,
)
from isthmus.tasks.custom.guesses import Arrays, Guess, Guesser, which_is_y
from isthmus.tasks.custom.series_guesses import target_beside_a_series


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


def samples_in_columns(description: Description, columns: Arrays) -> Guess | None:
    """Refuse a table whose rows are positions on an axis and whose columns are samples.

    Raises:
        InputError: If the first column holds such positions and nothing says which column is y.
    """
    first, *others = columns
    if description.y is not None or description.x is not None or len(others) < 2:
        return None
    ordered = len(columns[first]) >= FEWEST_ROWS and is_monotonic(columns[first])
    if plain(first) not in POSITIONS or not ordered or any(is_text(columns[name]) for name in others):
        return None
    raise InputError(
        f"the rows are positions ('{first}') and the columns samples, '{others[0]}' to '{others[-1]}'; a "
        "table has a sample in each row: transpose it and add a column of targets, or give --y",
        kind="conflict",
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
    if not has_classes(columns[first]) or has_classes(columns[last]):
        return None
    if is_letters(columns[last]):
        return Guess(
            f"'{first}', the first column, is y: it holds classes, and '{last}' sequences; to change it give "
            f"--y '{last}'",
            {"y": first},
        )
    if is_text(columns[last]):
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
        raise which_is_y((first, last), "hold text and numbers, and either may be y; give")
    if plain(first) in ROWS | SAMPLES | SUBJECTS | TIMES:
        return None
    return Guess(f"'{last}' is y, the last column; '{first}' may be classes as well: --y '{first}'")


def target_at_the_end(description: Description, columns: Arrays) -> Guess | None:
    """Refuse a last column that is called as what is no target.

    Raises:
        InputError: If nothing else says which column is y.
    """
    last = list(columns)[-1]
    if description.y is not None or len(columns) < 2:
        return None
    if plain(last) not in ROWS | SAMPLES | SUBJECTS | TIMES:
        return None
    raise InputError(
        f"the last column, '{last}', is not called as a target is; give --y with the name of the targets, "
        f"or --y '{last}'",
        kind="missing",
        key="y",
    )


TARGET_GUESSES: tuple[Guesser, ...] = (
    target_by_name,
    samples_in_columns,
    target_beside_a_series,
    target_in_front,
    target_at_the_end,
)
"""In their order"""
