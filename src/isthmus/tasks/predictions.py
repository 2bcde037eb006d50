"""Predictions as a table, and the files that it is written to."""

import csv
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.files import atomic_write, make_folder
from isthmus.tasks.custom.names import each

SEPARATOR = " | "
"""Between the names of the classes of a set"""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was predicted for each sample.

    Attributes:
        ids: Names or numbers of the samples, in columns by name: [N].
        targets: Names of what was predicted.
        values: Predictions [N, ...] in the task's own terms.
        classes: Names of the classes, () where there are none.
        probabilities: Probabilities [N, K, ...] of the classes, if they were asked for.
        sets: Whether each class is in the set that holds the true one with a probability, [N, K], if they
            were asked for.
        ends: Lower and upper ends of the interval of each number, as `values` [N, ...], if they were.
    """

    ids: Mapping[str, np.ndarray]
    targets: tuple[str, ...]
    values: np.ndarray
    classes: tuple[int | str, ...] = ()
    probabilities: np.ndarray | None = None
    sets: np.ndarray | None = None
    ends: tuple[np.ndarray, np.ndarray] | None = None

    def columns(self) -> dict[str, np.ndarray]:
        """Return columns [N] by name: ids, targets, `p_CLASS` for each class, `set`, `lower` and `upper`.

        Where a sample has several values, each has a column with its index: `y[0]`, `y[0,3]`; and where there
        are several targets, `lower_TARGET`.
        """
        shape = self.values.shape[1:]
        single = shape == () and len(self.targets) == 1
        flat = [self.targets[0]] if single else _indexed(self.targets, shape)
        found = dict(zip(flat, self.values.reshape(len(self.values), -1).T, strict=True))
        if self.probabilities is not None:
            positions = self.probabilities.shape[2:]
            names = [
                f"p_{name}" if not positions else f"p_{name}{list(index)}".replace(" ", "")
                for name in self.classes
                for index in np.ndindex(positions)
            ]
            parts = self.probabilities.reshape(len(self.values), -1).T
            found |= dict(zip(names, parts, strict=True))
        if self.sets is not None:
            names = [str(name) for name in self.classes]
            found["set"] = np.array(
                [
                    SEPARATOR.join(n for n, inside in zip(names, row, strict=True) if inside)
                    for row in self.sets
                ]
            )
        for end, values in zip(("lower", "upper"), self.ends or (), strict=False):
            named = [end] if single else [f"{end}_{name}" for name in flat]
            found |= dict(zip(named, values.reshape(len(values), -1).T, strict=True))
        return {name: array for name, array in self.ids.items() if name not in found} | found


def target_names(description: Description | None, count: int) -> tuple[str, ...]:
    """Return the names of what is predicted: those of the columns, or one for all."""
    names = each(None if description is None else description.y)
    if len(names) == count or (len(names) == 1 and description is not None):
        return names
    return ("y",)


def _indexed(targets: tuple[str, ...], shape: tuple[int, ...]) -> list[str]:
    """Return a name for each value of a sample [*shape]."""
    if shape == (len(targets),):
        return list(targets)
    return [f"{targets[0]}[{','.join(map(str, index))}]" for index in np.ndindex(shape)]


def check_writable(path: Path) -> None:
    """Check, before predictions are made, that they can be written to `path`.

    Raises:
        InputError: If the suffix is unknown, the folder cannot be made or written to, or what writes the
            format is not installed.
    """
    if path.suffix not in WRITERS:
        raise InputError(f"'{path}' ends in '{path.suffix}'; give one of {', '.join(WRITERS)}", key=path)
    if path.is_dir():
        raise InputError(f"'{path}' is a folder; give the name of a file", kind="file", key=path)
    nearest = next(folder for folder in path.absolute().parents if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise InputError(
            f"'{path}' cannot be written: '{nearest}' is no folder that can be written to",
            kind="file",
            key=path,
        )
    if path.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise InputError(
            f"'{path}' is written by pyarrow: pip install pyarrow", kind="dependency", key="pyarrow"
        )


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions, whole or not at all.

    Args:
        path: File whose suffix says the format: `.csv` and `.parquet` with a row for each sample under a
            header; `.npz` with arrays `prediction`, `id`, `classes`, `probability`, `set`, `lower`, `upper`;
            `.npy` with the probabilities if there are some, else the predictions.
        predictions: What to write.

    Raises:
        InputError: As `check_writable` raises it.
    """
    check_writable(path)
    make_folder(path.absolute().parent)
    with atomic_write(path) as partial_file:
        WRITERS[path.suffix](partial_file, predictions)


def _write_csv(path: Path, predictions: Predictions) -> None:
    """Write rows under a header, numbers with the digits that identify them."""
    columns = predictions.columns()
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*map(_cells, columns.values()), strict=True))


def _cells(values: np.ndarray) -> list[Any]:
    """Return the cells of a column."""
    if values.dtype.kind != "f":
        return list(values.tolist())
    digits = 17 if values.dtype == np.float64 else 9
    return [f"{value:.{digits}g}" for value in values.tolist()]


def _write_parquet(path: Path, predictions: Predictions) -> None:
    import pandas

    pandas.DataFrame(predictions.columns()).to_parquet(path, engine="pyarrow", index=False)


def _write_npz(path: Path, predictions: Predictions) -> None:
    arrays: dict[str, Any] = {"prediction": predictions.values}
    arrays |= {"id" if number == 0 else name: v for number, (name, v) in enumerate(predictions.ids.items())}
    if predictions.classes:
        arrays["classes"] = np.array(predictions.classes)
    if predictions.probabilities is not None:
        arrays["probability"] = predictions.probabilities
    if predictions.sets is not None:
        arrays["set"] = predictions.sets
    if predictions.ends is not None:
        arrays["lower"], arrays["upper"] = predictions.ends
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def _write_npy(path: Path, predictions: Predictions) -> None:
    values = predictions.values if predictions.probabilities is None else predictions.probabilities
    with open(path, "wb") as file:
        np.save(file, values, allow_pickle=False)


WRITERS: dict[str, Callable[[Path, Predictions], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".npz": _write_npz,
    ".npy": _write_npy,
}
