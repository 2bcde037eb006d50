"""A folder with a subfolder for each class and a file for each sample.

Or a folder that holds two such folders, `train` and `test`.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.custom.contents import FOLDER, Arrays, formats
from isthmus.tasks.sample_files import read_samples


@formats.register(FOLDER)
def read_folder(path: Path) -> Arrays:
    """List the arrays of a folder: samples `x` and names of their subfolders `y`, or those of both parts.

    Args:
        path: Path of the folder.
    """
    parts = {part: path / part for part in ("train", "test") if _folders(path / part)}
    if "train" not in parts:
        parts = {"": path}
    names = tuple(f"{side}_{part}".rstrip("_") for part in parts for side in ("x", "y"))
    return Arrays(path, names, partial(_read, parts))


def _read(parts: dict[str, Path], name: str) -> Any:
    """Read the samples of a part as a list, or the names of their classes: [N]."""
    side, _, part = name.partition("_")
    files = _files(parts[part])
    if side == "y":
        return np.array([file.parent.name for file in files])
    return [_read_sample(file) for file in files]


def _files(path: Path) -> list[Path]:
    """List the files of all classes, sorted by class and name."""
    files = []
    for folder in _folders(path):
        samples = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
        if not samples:
            raise InputError(
                f"'{folder}' holds no samples; give each class some, or remove it", kind="file", key=folder
            )
        files += samples
    if not files:
        raise InputError(
            f"'{path}' holds no folders; give each class a folder with its samples", kind="file", key=path
        )
    return files


def _folders(path: Path) -> list[Path]:
    """List the subfolders that are not hidden, sorted by name; none if there is no such folder."""
    if not path.is_dir():
        return []
    return sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))


def _read_sample(path: Path) -> np.ndarray:
    """Read [L], [C, L] or [C, H, W]; in a `.csv` each row is a channel, and a single column is a series."""
    sample = read_samples(path)
    return sample.T if path.suffix == ".csv" and sample.shape[1] == 1 else sample
