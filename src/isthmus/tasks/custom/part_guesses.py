"""Guesses about the parts of a table: samples alone, columns that divide the samples, labels in columns."""

import re

import numpy as np

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.tasks.custom.column_facts import TARGETS, free_columns, has_classes, is_text, known, plain, stem
from isthmus.tasks.custom.guesses import Arrays, Guess, Guesser, listed, which_is_y
from isthmus.tasks.custom.roles import PARTS

PARTITIONS = frozenset({"split", "usage", "partition", "subset", "fold", "folds", "stratfold", "kfold"})
"""Names of columns that divide the samples"""
SAMPLES_ALONE = re.compile(r"x|x[-_ ]?(train|test)|(train|test)[-_ ]?x")
"""Names of files without targets, in lower case"""
FEWEST_CLASSES = 3
"""Columns with a single 1 in each row from which on they are likely to be one-hot classes"""


def samples_alone(description: Description, columns: Arrays) -> Guess | None:
    """Refuse a file that is called as samples without targets are, `X_train.csv`.

    Raises:
        InputError: If nothing says which column is y.
    """
    named = description.data.name.lower().partition(".")[0]
    if not SAMPLES_ALONE.fullmatch(named) or description.y is not None or plain(list(columns)[-1]) in TARGETS:
        return None
    raise InputError(
        f"'{description.data}' is called as samples without targets are; put these into it as a column, "
        "or give --y with the name of theirs",
        kind="missing",
        key="y",
    )


def parts(description: Description, columns: Arrays) -> Guess | None:
    """Leave a column that tells training from test data out of x.

    Raises:
        InputError: If it is the last column, and nothing says which one is y.
    """
    last = list(columns)[-1]
    found = [name for name in free_columns(description, columns) if _divides(name, columns[name])]
    if description.y is None and _divides(last, columns[last]):
        raise InputError(
            f"the last column, '{last}', divides the samples and is no target; give --y with the name of the "
            f"targets, and --drop '{last}'",
            kind="missing",
            key="y",
        )
    if description.x is not None or not found:
        return None
    return Guess(
        f"'{found[0]}' divides the samples: it is left out of x and not followed; to do so, write the "
        f"parts to NAME_TRAIN.csv and NAME_TEST.csv, or give --group '{found[0]}'",
        {"drop": (*description.drop, *found)},
    )


def columns_of_labels(description: Description, columns: Arrays) -> Guess | None:
    """Tell of columns of 0 and 1 before a last one of 0 and 1.

    Raises:
        InputError: If each row has a single 1 in them, so that they are classes.
    """
    last = list(columns)[-1]
    if description.y is not None or description.x is not None or not _is_binary(columns[last]):
        return None
    names = [last]
    for name in reversed(list(free_columns(description, columns))):
        if not _is_binary(columns[name]):
            break
        names.insert(0, name)
        hot = np.stack([columns[one] for one in names]).sum(0)
        if len(names) >= FEWEST_CLASSES and (hot == 1).all():
            raise InputError(
                f"{listed(names)} hold a single 1 in each row, as classes do; give --y '{','.join(names)}', "
                f"or --y '{last}' for this one alone",
                kind="conflict",
                key="y",
            )
    if len(names) < FEWEST_CLASSES or plain(last) in TARGETS or len(names) == len(columns):
        return None
    return Guess(
        f"{listed(names[:-1])} hold 0 and 1 as '{last}' does, which is y: if they are labels, too, give --y "
        f"'{names[0]}..{last}'"
    )


def several_targets(description: Description, columns: Arrays) -> Guess | None:
    """Refuse to choose between `Y1` and `Y2`, or between columns of words without names.

    Raises:
        InputError: If nothing says which column is y.
    """
    last = list(columns)[-1]
    if description.y is not None or description.x is not None:
        return None
    called = [name for name in columns if plain(stem(name)) in TARGETS]
    if len(called) > 1 and last in called:
        raise which_is_y(called, f"are called as targets are; give --y '{','.join(called)}' for all, or")
    if list(columns) != [str(number) for number in range(len(columns))]:
        return None
    classes = [name for name in columns if has_classes(columns[name])]
    words = [name for name in classes if is_text(columns[name]) or name == "0"]
    if len(words) == len(columns) > 2 and all(len(cell) == 1 for name in words for cell in columns[name]):
        raise which_is_y(["0", last], "hold letters as all columns do, and either may be y; give")
    if words and last not in classes and not is_text(columns[last]):
        raise which_is_y([*words, last], "may each be y, classes or numbers; give")
    return None


PART_GUESSES: tuple[Guesser, ...] = (samples_alone, parts, columns_of_labels, several_targets)


def _divides(name: str, values: np.ndarray) -> bool:
    """Return whether a column tells the parts of the data apart, by its name or its words."""
    if plain(name) in PARTITIONS:
        return True
    if not is_text(values) or values.ndim != 1:
        return False
    words = {word.lower() for word in np.unique(values.astype(str)).tolist()}
    return len(words) > 1 and words <= PARTS.keys()


def _is_binary(values: np.ndarray) -> bool:
    """Return whether a column holds both 0 and 1 and nothing else."""
    numbers = values.ndim == 1 and values.dtype.kind in "biuf"
    return numbers and set(np.unique(known(values)).tolist()) == {0, 1}
