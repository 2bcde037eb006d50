"""Files that are written completely or not at all, folders that can be written to, and space on the disk."""

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from isthmus.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a system that has no room for a file: a full disk, a quota, a limit on the size of files"""

FOREIGN_ERRNO = re.compile(r"\b(?:os error|errno)[ =]+(\d+)", re.IGNORECASE)
"""How libraries that are not written in Python tell an error of the system: safetensors, HDF5"""

SAVING = ".saving-"
"""Beginning of the names of temporary folders that are written first and moved from, file by file"""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it over `path` if the block succeeds.

    A reader sees the old file or the new one, never a part of one. A block that fails leaves nothing behind;
    only a killed process does, and `sweep` removes that. The new file gets the permissions of any other new
    file, whichever library wrote it.

    Args:
        path: File to write.

    Raises:
        InputError: If no file can be created there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        temporary.touch()
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}", kind="file", key=path) from None
    mode = temporary.stat().st_mode
    temporary.unlink()
    try:
        with told_when_full(path):
            yield temporary
            temporary.chmod(mode)
            flush_to_disk(temporary)
            os.replace(temporary, path)
    finally:
        with suppress(OSError):  # which would hide what is wrong
            temporary.unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    """Return when the disk has all of a file."""
    with open(path, "r+b") as file:  # Windows only flushes handles that can write
        os.fsync(file.fileno())


@contextmanager
def told_when_full(path: Path, advice: str = "make room, or give another place") -> Iterator[None]:
    """Turn an error for want of room, whichever library raises it, into an `InputError` of one line.

    Args:
        path: File or folder that the block writes.
        advice: What the user can do about it.

    Raises:
        InputError: If a file did not fit; the message says how much room there is.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        number = full_errno(error)
        if number is None:
            raise
        raise InputError(
            f"cannot write '{path}': {os.strerror(number)}; {_room(path)}; {advice}", kind="file", key=path
        ) from None


def full_errno(error: BaseException) -> int | None:
    """Return the number of an error that says that a file does not fit; None for any other error."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (told := FOREIGN_ERRNO.search(str(error))):
        number = int(told[1])
    return number if number in FULL else None


def _room(path: Path) -> str:
    """Tell how much of a file or folder is written, and how much more its disk has room for."""
    parts = [*path.parent.glob(f".{path.name}.{os.getpid()}.part*")] or [path, *path.rglob("*")]
    written = sum(part.stat().st_size for part in parts if part.is_file())
    free = shutil.disk_usage(path.absolute().parent).free
    return f"{megabytes(written)} of it are written, and its disk has {megabytes(free)} left"


def megabytes(size: int) -> str:
    """Return a number of bytes as text: 0.3 MB, 1.2 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8, completely or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def is_part(path: Path) -> bool:
    """Return whether `path` is named like something temporary that only a killed process leaves.

    That is a file of `atomic_write`, or a folder that a backbone is saved through.
    """
    return re.fullmatch(rf"\..+\.\d+\.part(\.\w+)?|{re.escape(SAVING)}\w+", path.name) is not None


def sweep(folder: Path, spared: Path | None = None) -> None:
    """Remove what is temporary and killed processes left in a folder and its subfolders.

    Args:
        folder: Folder that no other process writes to.
        spared: Folder inside it that others may write to.
    """
    found = [path for path in folder.rglob(".*") if is_part(path)]
    for path in [path for path in found if spared is None or spared not in path.parents]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def check_path(path: Path) -> None:
    """Check that a path is a folder or a regular file.

    Raises:
        InputError: If there is none, or it is a pipe, a device or a socket, or a loop of links.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise InputError(f"there is no file or folder '{path}'", kind="file", key=path) from None
    except (OSError, ValueError) as error:  # a loop of links, a name with NUL, no permission
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"'{path}' cannot be read: {reason}", kind="file", key=path) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise InputError(  # reading would wait for whoever writes to it, or never end
            f"'{path}' is no regular file (it is a pipe, a device or a socket); save the data to a file",
            kind="file",
            key=path,
        )


def make_folder(path: Path) -> Path:
    """Create the folder `path` with its parents, and check that it can be written to.

    Args:
        path: Folder that may exist already.

    Returns:
        The same path.

    Raises:
        InputError: If `path` is a file, or cannot be created or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(
            f"'{path}' is not a folder; give a folder that can be made", kind="file", key=path
        ) from None
    except OSError as error:
        raise InputError(
            f"cannot make the folder '{path}': {error.strerror}", kind="file", key=path
        ) from None
    if not os.access(path, os.W_OK):
        raise InputError(
            f"the folder '{path}' is read-only; give one that can be written to", kind="file", key=path
        )
    return path


def check_disk_space(path: Path, needed: int, advice: str = "give another place") -> None:
    """Check that the disk has room for a file before it is written.

    Args:
        path: File to write; its folder exists.
        needed: Number of bytes that are still to be written.
        advice: What the user can do about a full disk, for the message.

    Raises:
        InputError: If fewer bytes are free.
    """
    free = shutil.disk_usage(path.absolute().parent).free
    if needed > free:
        raise InputError(
            f"'{path}' needs {megabytes(needed)} and its disk has {megabytes(free)} left; {advice}",
            kind="file",
            key=path,
        )
