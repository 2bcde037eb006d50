"""The error for wrong input, told in one line."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

__all__ = ["ErrorKind", "InputError", "unknown"]

ErrorKind = Literal["unknown", "missing", "value", "file", "conflict", "dependency"]
"""Kinds of `InputError`, for programs that act on them; see its attribute `kind`."""


class InputError(ValueError):
    """Error in what the user gave: the message says what, where, and what would be right, in one line.

    The command line prints the message and exits with code 2; Python users get an ordinary `ValueError`.

    Args:
        message: One line for the user.
        kind: See the attribute.
        key: See the attribute; anything but a string is converted to one.

    Attributes:
        kind: What is wrong. `unknown`: a name that does not exist. `missing`: something required was not
            given. `value`: a value that is not allowed. `file`: a file or folder that does not exist, cannot
            be read or written, or does not hold what was expected. `conflict`: things that are right by
            themselves but not together. `dependency`: a package that is not installed.
        key: What is at fault: the unknown name, the setting (`method.start`), the path, the package; None
            where it is no single thing.
    """

    def __init__(self, message: str, *, kind: ErrorKind = "value", key: object = None) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.key = None if key is None else str(key)


def unknown(what: str, name: object, known: Iterable[str]) -> InputError:
    """Make the error for a name that is not one of `known`; the message suggests the nearest known name.

    Args:
        what: Kind of thing that was named: "task".
        name: Unknown name; the error's `key`.
        known: Names that would have been right.
    """
    names = sorted(known)
    near = get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    message = f"unknown {what} '{name}'; {hint}known: {', '.join(names)}"
    return InputError(message, kind="unknown", key=name)
