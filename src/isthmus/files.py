"""Files are written whole or not at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isthmus.errors import InputError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; rename it over `path` if the block ends well.

    A reader sees the old file or the new one, never a part; a failure leaves nothing behind. (Only a
    process that is killed does: see `sweep`.) Whoever writes it, the file is as readable as other new ones.

    Raises:
        InputError: if no file can be made there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        beside.touch()
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}") from None
    mode = beside.stat().st_mode
    beside.unlink()
    try:
        yield beside
        beside.chmod(mode)
        with open(beside, "rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with atomic_write(path) as beside:
        beside.write_text(text, encoding="utf-8")


def is_part(path: Path) -> bool:
    """Was `path` left half-written by a process that was killed in `atomic_write`?"""
    return re.fullmatch(r"\..+\.\d+\.part(\.\w+)?", path.name) is not None


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written, in the folder and below."""
    for path in [path for path in folder.rglob(".*") if is_part(path)]:
        path.unlink()


def make_folder(path: Path) -> Path:
    """Make `path` a folder that can be written to, or say why not.

    Raises:
        InputError: if it is a file, or cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"'{path}' is not a folder; give a folder that can be made") from None
    except OSError as error:
        raise InputError(f"cannot make the folder '{path}': {error.strerror}") from None
    if not os.access(path, os.W_OK):
        raise InputError(f"the folder '{path}' is read-only; give one that can be written to")
    return path
