"""Reading of samples from files, and writing of predictions to files."""

import csv
import os
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO

import numpy as np

from isthmus.errors import InputError
from isthmus.files import atomic_write, make_folder


def read_samples(path: Path) -> np.ndarray:
    """Read samples: `.npy`; `.npz` under the name `x`; `.csv` with a series of one channel in each row.

    Args:
        path: Path of the file, whose suffix says the format.

    Raises:
        InputError: If there is no such file, or it cannot be read in this format.
    """
    _check_suffix(path, READERS)
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


def check_writable(path: Path) -> None:
    """Check, before predictions are made, that they can be written to `path`.

    Raises:
        InputError: If the suffix is unknown, or the folder cannot be made or written to.
    """
    _check_suffix(path, WRITERS)
    if path.is_dir():
        raise InputError(f"'{path}' is a folder; give the name of a file", kind="file", key=path)
    nearest = next(folder for folder in path.absolute().parents if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise InputError(
            f"'{path}' cannot be written: '{nearest}' is no folder that can be written to",
            kind="file",
            key=path,
        )


def write_predictions(path: Path, predictions: np.ndarray) -> None:
    """Write predictions [N, ...] atomically: `.npy`, or `.csv` with a row for each sample.

    Args:
        path: Path of the file, whose suffix says the format.
        predictions: Array to write.

    Raises:
        InputError: As `check_writable` raises it.
    """
    check_writable(path)
    make_folder(path.absolute().parent)
    with atomic_write(path) as partial_file:
        WRITERS[path.suffix](partial_file, predictions)


def _check_suffix(path: Path, known: Collection[str]) -> None:
    if path.suffix not in known:
        raise InputError(f"'{path}' ends in '{path.suffix}'; give one of {', '.join(known)}", key=path)


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


def _write_csv(path: Path, predictions: np.ndarray) -> None:
    """Write a row for each sample, numbers with the 9 digits that identify a float32."""
    rows = predictions.reshape(len(predictions), -1).tolist()
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([[f"{v:.9g}" if isinstance(v, float) else v for v in row] for row in rows])


def _write_npy(path: Path, predictions: np.ndarray) -> None:
    np.save(path, predictions, allow_pickle=False)


READERS: dict[str, Callable[[Path], np.ndarray]] = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv}
WRITERS: dict[str, Callable[[Path, np.ndarray], None]] = {".npy": _write_npy, ".csv": _write_csv}
