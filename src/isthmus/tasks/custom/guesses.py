"""Guesses about a user's file: each is told in a sentence with the option that changes it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from isthmus.config.description import Description
from isthmus.errors import InputError

Arrays = Mapping[str, Any]
"""Arrays or columns by name"""


@dataclass(frozen=True)
class Guess:
    """What was guessed.

    Attributes:
        sentence: What it is, and the option that changes it.
        change: Keys of the description that it sets; none where it is only told.
    """

    sentence: str
    change: Mapping[str, Any] = field(default_factory=dict)


Guesser = Callable[[Description, Arrays], Guess | None]
"""A pure function from a description and the arrays of a file to a guess, or None where there is none"""


def guess(
    guessers: Iterable[Guesser], description: Description, arrays: Arrays
) -> tuple[Description, tuple[str, ...]]:
    """Make one guess after the other, each with what the ones before it have set.

    Returns:
        The description with what was guessed, and the sentences.
    """
    told: list[str] = []
    for guesser in guessers:
        made = guesser(description, arrays)
        if made is not None:
            told.append(made.sentence)
            description = description.model_copy(update=dict(made.change))
    return description, tuple(told)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return names in quotes with commas between them, the first few of many."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more


def which_is_y(names: Sequence[str], what: str) -> InputError:
    """Return the error that asks which of several columns is y, the first few of many.

    Args:
        names: Columns that may be y.
        what: What is said of them, up to the options.
    """
    options = " or ".join(f"--y '{name}'" for name in names[:5])
    return InputError(f"{listed(names)} {what} {options}", kind="conflict", key="y")
