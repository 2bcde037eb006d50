"""Published files are read once, and whatever is wrong with one is said in one line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError


@contextmanager
def reading(path: Path | str, what: str) -> Iterator[None]:
    """Say what a damaged or foreign file makes of a parser.

    Args:
        path: of the file, or its place in an archive.
        what: it should be.

    Raises:
        InputError: for any error of the parser.
    """
    try:
        yield
    except (InputError, KeyboardInterrupt):
        raise
    except FileNotFoundError:
        raise InputError(f"there is no file '{path}'") from None
    except Exception as error:  # whatever a damaged file makes of a third-party parser
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"'{path}' cannot be read as {what}: {reason}") from None


def entry(content: Any, name: str, path: Path | str) -> Any:
    """What a mapping holds under a name, be it text or, as in files of Python 2, bytes.

    Raises:
        InputError: if it is no mapping or lacks the name; says what it holds.
    """
    if not isinstance(content, Mapping):
        raise InputError(f"'{path}' holds {type(content).__name__}; a dict with '{name}' is right")
    for key in (name, name.encode()):
        if key in content:
            return content[key]
    names = ", ".join(sorted(k.decode() if isinstance(k, bytes) else str(k) for k in content)[:8])
    raise InputError(f"'{path}' holds no '{name}'; it holds {names or 'nothing'}")


def same_length(path: Path | str, **arrays: Any) -> None:
    """Refuse arrays that belong together and differ in length.

    Raises:
        InputError: with the lengths.
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(f"'{path}' holds " + " and ".join(f"{n} {name}" for name, n in lengths.items()))


def as_array(value: Any, name: str, path: Path | str) -> np.ndarray:
    """A list or an array of equal numbers or arrays, as an array of numbers.

    Raises:
        InputError: if its parts differ in shape or are no numbers.
    """
    with reading(path, f"numbers under '{name}'"):
        array = np.asarray(value)
        return np.stack([np.asarray(part) for part in array]) if array.dtype == object else array
