"""Samples from files, and predictions to files."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.files import make_folder, whole_file


def read_samples(path: Path) -> np.ndarray:
    """The samples in a file: `.npy`; `.npz` under the name `x`; `.csv`, a series of one channel in each row.

    Raises:
        InputError: if there is no such file, or it cannot be read as what its name says.
    """
    if not path.is_file():
        raise InputError(f"there is no file '{path}'")
    if path.suffix not in READERS:
        raise InputError(f"'{path}' ends in '{path.suffix}'; give one of {', '.join(READERS)}")
    try:
        return READERS[path.suffix](path)
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"'{path}' cannot be read as {path.suffix}: {reason}") from None


def write_predictions(path: Path, predictions: np.ndarray) -> None:
    """Write predictions [N, ...] whole or not at all: `.npy`, or `.csv` with a row for each sample.

    Raises:
        InputError: if the name ends in something else, or the folder cannot be written to.
    """
    make_folder(path.absolute().parent)
    if path.suffix not in WRITERS:
        raise InputError(f"'{path}' ends in '{path.suffix}'; give one of {', '.join(WRITERS)}")
    with whole_file(path) as beside:
        WRITERS[path.suffix](beside, predictions)


def _read_npy(path: Path) -> np.ndarray:
    loaded: np.ndarray = np.load(path, allow_pickle=False)
    return loaded


def _read_npz(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as arrays:
        if "x" not in arrays:
            raise ValueError(f"it holds {', '.join(arrays)} and no array named x")
        samples: np.ndarray = arrays["x"]
        return samples


def _read_csv(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", ndmin=2)


def _write_csv(path: Path, predictions: np.ndarray) -> None:
    flat = predictions.reshape(len(predictions), -1)
    text = io.StringIO()
    np.savetxt(text, flat, delimiter=",", fmt="%s" if flat.dtype.kind in "iuUSb" else "%.9g")
    path.write_text(text.getvalue(), encoding="utf-8")


READERS: dict[str, Callable[[Path], np.ndarray]] = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv}
WRITERS: dict[str, Callable[[Path, np.ndarray], None]] = {".npy": np.save, ".csv": _write_csv}
