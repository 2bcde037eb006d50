"""Guesses about classes in words: numbers with units, names that differ in case, several labels in a cell."""

import re
from itertools import pairwise

import numpy as np

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.tasks.custom.column_facts import FEW, FEWEST_ROWS, excerpt, is_text
from isthmus.tasks.custom.guesses import Arrays, Guess, Guesser


def words_for_numbers(description: Description, arrays: Arrays) -> Guess | None:
    """Refuse as classes words that hardly repeat, or many that begin as numbers do: `12.3 mg`, `<0.05`.

    Raises:
        InputError: If nothing says that they are classes.
    """
    words = _words(arrays)
    if words is None or description.kind is not None or len(arrays["y"]) < FEWEST_ROWS:
        return None
    numbers = np.mean([re.match(r"[<>~]?\s*[-+]?[.,]?\d", word) is not None for word in words])
    if 2 * len(words) <= len(arrays["y"]) and (len(words) <= FEW or numbers < 0.9):
        return None
    held = f"{len(words)} different ones among {len(arrays['y'])} samples, as '{excerpt(words[-1])}'"
    raise InputError(
        f"y holds text, {held}; write numbers without units, percent signs and separators of thousands, or "
        "for classes give --kind classification",
        kind="conflict",
        key="kind",
    )


def names_alike(description: Description, arrays: Arrays) -> Guess | None:
    """Tell of classes whose names differ in case or spaces alone."""
    words = sorted(_words(arrays) or [], key=_folded)
    for one, other in pairwise(words):
        if _folded(one) == _folded(other):
            return Guess(
                f"the classes '{one}' and '{other}' differ in case or spaces alone; if one is meant, "
                "write it alike"
            )
    return None


def labels_in_a_cell(description: Description, arrays: Arrays) -> Guess | None:
    """Tell of classes that are made of others: `a;b` beside `a`."""
    words = _words(arrays) or []
    for word in words:
        parts = [part.strip() for part in re.split(r"[;|,]", word)]
        if len(parts) > 1 and set(parts) & set(words):
            return Guess(
                f"'{excerpt(word)}' is read as a class of its own; if these are several labels, make a "
                "column of 0 and 1 for each and give --y with their names"
            )
    return None


CLASS_GUESSES: tuple[Guesser, ...] = (words_for_numbers, names_alike, labels_in_a_cell)


def _words(arrays: Arrays) -> list[str] | None:
    """Return the different words of y; None where it holds none."""
    y = arrays["y"]
    if not isinstance(y, np.ndarray) or y.ndim != 1 or not is_text(y):
        return None
    return [str(word) for word in np.unique(y.astype(str))]


def _folded(word: str) -> str:
    return " ".join(word.lower().split())
