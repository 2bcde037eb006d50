"""A folder with a folder for each class, a sample in each of their files.

Or two such, `train` and `test`.
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
    """Samples `x`, and `y`, the names of the folders that they lie in; or the same of `train` and `test`."""
    parts = {part: path / part for part in ("train", "test") if _folders(path / part)}
    if "train" not in parts:
        parts = {"": path}
    names = tuple(f"{side}_{part}".rstrip("_") for part in parts for side in ("x", "y"))
    return Arrays(path, names, partial(_read, parts))


def _read(parts: dict[str, Path], name: str) -> Any:
    side, _, part = name.partition("_")
    files = _files(parts[part])
    if side == "y":
        return np.array([file.parent.name for file in files])
    return [_sample(file) for file in files]


def _files(path: Path) -> list[Path]:
    """The files of all classes, class by class, by name."""
    files = []
    for folder in _folders(path):
        samples = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
        if not samples:
            raise InputError(f"'{folder}' holds no samples; give each class some, or remove it")
        files += samples
    if not files:
        raise InputError(f"'{path}' holds no folders; give each class a folder with its samples")
    return files


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))


def _sample(path: Path) -> np.ndarray:
    """[L], [C, L] or [C, H, W]; of a `.csv`, each row is a channel, and a single column a series."""
    sample = read_samples(path)
    return sample.T if path.suffix == ".csv" and sample.shape[1] == 1 else sample
