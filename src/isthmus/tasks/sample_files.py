"""Bare samples in a file: one array, without names."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from isthmus.errors import InputError


def read_samples(path: Path) -> np.ndarray:
    """Read samples: `.npy`; `.npz` under the name `x`; `.csv` with a series of one channel in each row.

    Args:
        path: Path of the file, whose suffix says the format.

    Raises:
        InputError: If there is no such file, or it cannot be read in this format.
    """
    if path.suffix not in READERS:
        raise InputError(f"'{path}' ends in '{path.suffix}'; give one of {', '.join(READERS)}", key=path)
    if not path.is_file():
        raise InputError(f"there is no file '{path}'", kind="file", key=path)
    try:
        return READERS[path.suffix](path)
    except InputError:
        raise
    except Exception as error:  # A parser may raise anything on a damaged file.
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"'{path}' cannot be read as {path.suffix}: {reason}", kind="file", key=path
        ) from None


def _read_npy(path: Path) -> np.ndarray:
    from isthmus.tasks.custom.readers.npy import read_array

    samples: np.ndarray = read_array(path)
    return samples


def _read_npz(path: Path) -> np.ndarray:
    with zipfile.ZipFile(path) as arrays:
        names = [name.removesuffix(".npy") for name in arrays.namelist()]
        if "x" not in names:
            raise ValueError(f"it holds {', '.join(names) or 'nothing'}, and no array named x")
        with arrays.open("x.npy") as file:
            return _read_array(file)


def _read_array(file: IO[bytes]) -> np.ndarray:
    """Read an array in the `.npy` format, never a pickled one."""
    samples: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)  # type: ignore[no-untyped-call]
    return samples


def _read_csv(path: Path) -> np.ndarray:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if not any(line.strip() for line in lines):
        raise ValueError("it is empty")
    return np.loadtxt(lines, delimiter=",", ndmin=2)


READERS: dict[str, Callable[[Path], np.ndarray]] = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv}
