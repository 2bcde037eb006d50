"""Helpers for published files: whatever is wrong with one becomes a message of one line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from isthmus.errors import InputError
from isthmus.files import check_path

BLOCK = 2**20


@contextmanager
def reading(path: Path | str, what: str) -> Iterator[None]:
    """Turn any error of a parser, for a damaged or foreign file, into an `InputError` of one line.

    Args:
        path: Path of the file, or its location in an archive.
        what: Format that the file should have, for the message.

    Raises:
        InputError: For any error in the block.
    """
    if isinstance(path, Path) and path.exists():
        check_path(path)
    try:
        yield
    except (InputError, KeyboardInterrupt):
        raise
    except FileNotFoundError:
        raise InputError(f"there is no file '{path}'", kind="file", key=path) from None
    except Exception as error:  # third-party parsers raise anything for a damaged file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"'{path}' cannot be read as {what}: {reason}", kind="file", key=path) from None


def drain(file: IO[bytes]) -> None:
    """Read a stream to its end, where compressed files keep the checksum of what was read."""
    while file.read(BLOCK):
        pass


def entry(content: Any, name: str, path: Path | str) -> Any:
    """Return the value of a mapping under a name, whose key is text or, in files of Python 2, bytes.

    Raises:
        InputError: If it is no mapping or lacks the name; the message says what it holds.
    """
    if not isinstance(content, Mapping):
        raise InputError(
            f"'{path}' holds {type(content).__name__}; a dict with '{name}' is right", kind="file", key=path
        )
    for key in (name, name.encode()):
        if key in content:
            return content[key]
    names = ", ".join(sorted(k.decode() if isinstance(k, bytes) else str(k) for k in content)[:8])
    raise InputError(f"'{path}' holds no '{name}'; it holds {names or 'nothing'}", kind="file", key=path)


def same_length(path: Path | str, **arrays: Any) -> None:
    """Check that arrays that belong together have the same length.

    Raises:
        InputError: If they differ; the message gives the lengths.
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(
            f"'{path}' holds " + " and ".join(f"{n} {name}" for name, n in lengths.items()),
            kind="file",
            key=path,
        )


def as_array(value: Any, name: str, path: Path | str) -> np.ndarray:
    """Convert a list or an object array of equally shaped numbers or arrays to an array of numbers.

    Raises:
        InputError: If its parts differ in shape or are no numbers.
    """
    with reading(path, f"numbers under '{name}'"):
        array = np.asarray(value)
        return np.stack([np.asarray(part) for part in array]) if array.dtype == object else array
