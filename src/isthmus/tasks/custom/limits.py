"""Checks before a file is read: that it is one, that its reader is installed, that its size is what it says.

A file may declare more than it holds: an archive of zeros, a data set that was never written. Nothing is
allocated for it before its size was looked at.
"""

import importlib
import math
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from isthmus.errors import InputError

FREE_BYTES = 2**28
"""Declared sizes up to this are believed"""
MAX_EXPANSION = 200
"""Larger ones may be this many times the size of the file; deflated zeros are about 1000 times"""


def needed(module: str, extra: str, path: Path) -> ModuleType:
    """Import an optional package.

    Args:
        module: Module to import.
        extra: Extra of isthmus that installs it.
        path: File that is read with it, for the message.

    Raises:
        InputError: If it is not installed; says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise InputError(
            f"'{path}' is read by the package {package}: pip install 'isthmus[{extra}]'",
            kind="dependency",
            key=package,
        ) from None


def check_size(path: Path, name: str, shape: Sequence[int], itemsize: int, stored: int | None = None) -> None:
    """Check that an array is not much larger than what is stored of it.

    Args:
        path: Path of the file.
        name: Name of the array, for the message.
        shape: Shape that the file declares.
        itemsize: Bytes of a value.
        stored: Bytes that are stored of it; None for the size of the file.

    Raises:
        InputError: If it is; says both sizes.
    """
    declared = math.prod(map(int, shape)) * itemsize
    check_bytes(path, f"under '{name}' ", declared, path.stat().st_size if stored is None else stored)


def check_bytes(path: Path, where: str, declared: int, stored: int) -> None:
    """Check that what a file declares is not much larger than what is stored.

    Raises:
        InputError: If it is; says both sizes.
    """
    if declared > FREE_BYTES and declared > MAX_EXPANSION * stored:
        raise InputError(
            f"'{path}' declares {size_text(declared)} {where}and holds {size_text(stored)}; it is empty, "
            "damaged or made to exhaust memory",
            kind="file",
            key=path,
        )


def check_fits(path: Path, name: str, shape: Sequence[int], itemsize: int) -> None:
    """Check that an array that is read whole is smaller than this machine's memory.

    Raises:
        InputError: If it is not; says which formats are read in parts.
    """
    declared = math.prod(map(int, shape)) * itemsize
    if declared > memory():
        raise InputError(
            f"'{path}' holds {size_text(declared)} under '{name}', more than this machine's memory of "
            f"{size_text(memory())}; save it as .npy, .h5 or .zarr, which are read in parts",
            kind="file",
            key=path,
        )


def check_zip(path: Path, archive: zipfile.ZipFile) -> None:
    """Check that the members of an archive are not much larger than the archive.

    Raises:
        InputError: If they are; says both sizes.
    """
    check_bytes(path, "", sum(member.file_size for member in archive.infolist()), path.stat().st_size)


def memory() -> int:
    """Return the bytes of memory of this machine; 2^62 where that is unknown."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return 2**62


def size_text(number: int) -> str:
    """Return a number of bytes as text: `3.1 GB`."""
    size, unit = float(number), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.3g} {unit}"
