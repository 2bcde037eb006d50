"""Guesses about a table with a series in its columns: which are its points, and what stands beside them."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.tasks.custom.column_facts import (
    FEWEST_POSITIONS,
    ROWS,
    SAMPLES,
    SUBJECTS,
    TARGETS,
    TIMES,
    counts_rows,
    free_columns,
    has_classes,
    is_monotonic,
    is_text,
    plain,
)
from isthmus.tasks.custom.guesses import Arrays, Guess, listed, which_is_y

POINT = re.compile(r"(\D*?)([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(\D.*|)", re.IGNORECASE)
"""Name of a point: a number with the same words before and after it as its neighbours have"""
FEWEST_WITH_WORDS = 20
"""Columns such as `band1`, `band2` from which on they are a series rather than properties of their own"""


def points(columns: Mapping[str, np.ndarray], fewest_with_words: int = FEWEST_POSITIONS) -> list[str]:
    """Return the columns that are the points of a series, in their order.

    They are the longest stretch of neighbouring columns whose names differ in a number alone that always
    rises or always falls: `900.5, 903`, or `wl1, wl2`, or `700nm, 690nm`.

    Args:
        columns: Columns by name.
        fewest_with_words: Number of columns from which on names with words count.

    Returns:
        Names of the points; empty if there are too few.
    """
    longest: list[str] = []
    for words, neighbours in groupby(columns, _words_around):
        names = list(neighbours)
        fewest = fewest_with_words if words and any(words) else FEWEST_POSITIONS
        if (
            words is not None
            and len(names) >= max(fewest, len(longest) + 1)
            and is_monotonic(_numbers(names))
        ):
            longest = names
    return longest


def target_beside_a_series(description: Description, columns: Arrays) -> Guess | None:
    """Take as y what stands beside the points of a series, where the last column is one of them.

    Raises:
        InputError: If several columns stand there, or none.
    """
    found, last = points(columns), list(columns)[-1]
    if description.y is not None or description.x is not None or last not in found:
        return None
    if has_classes(columns[last]):
        return None
    others = [name for name in columns if name not in found and not _names_rows(name, columns[name])]
    if len(others) == 1:
        return Guess(
            f"'{others[0]}' is y: the columns '{found[0]}' to '{last}' beside it are a series; to change it "
            f"give --y '{last}'",
            {"y": others[0]},
        )
    if others:
        raise which_is_y(others, _beside(found))
    if has_classes(columns[found[0]]) or (_only_count(found) and not _go_on(columns, found)):
        return None
    raise InputError(
        f"all columns are positions, '{found[0]}' to '{last}', and the last holds no classes; add a column "
        f"of targets, or give --y '{last}'",
        kind="missing",
        key="y",
    )


def beside_a_series(description: Description, columns: Arrays) -> Guess | None:
    """Tell of columns of numbers that stand beside the points of a series.

    Raises:
        InputError: If one of them may be y as well as the last.
    """
    free = list(free_columns(description, columns))
    found = points({name: columns[name] for name in free}, FEWEST_WITH_WORDS)
    others = [name for name in free if name not in found and not is_text(columns[name])]
    y = list(columns)[-1] if description.y is None else description.y
    if description.x is not None or not found or not others or not isinstance(y, str):
        return None
    numbers = [name for name in (y, *reversed(others)) if not is_text(columns[name])]
    rivals = [name for name in numbers if not has_classes(columns[name])]
    if description.y is None and y in rivals and len(rivals) > 1 and plain(y) not in TARGETS:
        raise which_is_y(rivals, _beside(found))
    return Guess(
        f"{listed(others)} beside the columns '{found[0]}' to '{found[-1]}': read as a part of the series; "
        f"to leave it out give --drop '{others[0]}'"
    )


def _words_around(name: str) -> tuple[str, str] | None:
    """Return what stands before and after the number in the name of a point; None for other names."""
    found = POINT.fullmatch(name)
    return (found[1], found[3]) if found else None


def _numbers(names: Sequence[str]) -> np.ndarray:
    """Return the numbers in the names of points."""
    return np.array([float(found[2]) for name in names if (found := POINT.fullmatch(name))])


def _beside(found: Sequence[str]) -> str:
    """Return what is said of several columns beside the points of a series."""
    return f"stand beside the columns '{found[0]}' to '{found[-1]}', and each may be y; give"


def _names_rows(name: str, values: np.ndarray) -> bool:
    """Return whether a column names or counts the rows, or tells when or from whom they are."""
    called = plain(name) in ROWS | SAMPLES | SUBJECTS | TIMES
    words = is_text(values) and 2 * len(np.unique(values)) > len(values)
    return called or counts_rows(values) or words


def _only_count(names: Sequence[str]) -> bool:
    """Return whether the names of points do no more than count them, as those of any columns may."""
    numbers = _numbers(names)
    return numbers[0] in (0, 1) and bool((np.diff(numbers) == 1).all())


def _go_on(columns: Mapping[str, np.ndarray], names: Sequence[str]) -> bool:
    """Return whether the last of the points lies where the two before it point to, in a smooth series."""
    if any(columns[name].dtype.kind not in "iuf" for name in names):
        return False
    values = np.stack([columns[name].astype(np.float64) for name in names], 1)
    bends = np.diff(values, 2, axis=1).std(0)
    return bool(np.median(bends) < 0.2 * np.median(values.std(0)) and bends[-1] <= 3 * np.median(bends))
