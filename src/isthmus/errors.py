"""What a user did wrong, said in one line."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """The user's input is wrong: the message says what, where, and what would be right, in one line.

    The command line prints it and exits with code 2; Python users get an ordinary `ValueError`.
    """


def unknown(what: str, name: object, known: Iterable[str]) -> InputError:
    """The error for a name that is not one of `known`, with the nearest known name first."""
    names = sorted(known)
    near = get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return InputError(f"unknown {what} '{name}'; {hint}known: {', '.join(names)}")
