"""The error for wrong input, told in one line."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

__all__ = ["ErrorKind", "InputError", "one_line", "unknown"]

ErrorKind = Literal["unknown", "missing", "value", "file", "conflict", "dependency"]
"""Kinds of `InputError`, for programs that act on them; see its attribute `kind`."""


LONGEST_WORD, LONGEST_LINE = 300, 5000
"""Characters of a message's words and of a message that are shown in full"""


def one_line(text: str) -> str:
    """Return a text on one line: line breaks as escapes, and what is very long without its middle."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    words = re.sub(rf"\S{{{LONGEST_WORD},}}", lambda word: _shortened(word[0], LONGEST_WORD), printable)
    return _shortened(words, LONGEST_LINE)


def _shortened(text: str, longest: int) -> str:
    """Return a text, without its middle if it is longer than asked for."""
    return text if len(text) <= longest else f"{text[: longest // 2]}...{text[-longest // 4 :]}"


class InputError(ValueError):
    """Error in what the user gave: the message says what, where, and what would be right, in one line.

    The command line prints the message and exits with code 2; Python users get an ordinary `ValueError`.

    Args:
        message: One line for the user; what is not printable in it is escaped, and what is very long, such as
            a name of thousands of characters, is cut short.
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
        super().__init__(one_line(message))
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
    near = get_close_matches(str(name)[:LONGEST_WORD], names, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    message = f"unknown {what} '{name}'; {hint}known: {', '.join(names)}"
    return InputError(message, kind="unknown", key=name)
