"""Data in memory as contents: a pandas DataFrame, an xarray Dataset, a torch Dataset of pairs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.custom.contents import Arrays, Contents, unused
from isthmus.tasks.custom.frames import table_of_frame
from isthmus.tasks.custom.roles import listed_as


def contents_of(data: Any, name: str = "data") -> Contents:
    """Return the contents of data in memory, as of a file with the same.

    Args:
        data: A DataFrame, whose columns are those of a table; an xarray Dataset or a mapping, whose variables
            are named arrays; a torch Dataset of pairs (x, y), or of tuples whose first and last count.
        name: Name that takes the place of a path in messages.

    Raises:
        InputError: If it is none of these.
    """
    path, kind = Path(name), type(data).__module__.partition(".")[0]
    if kind == "pandas" and hasattr(data, "columns"):
        return table_of_frame(path, data)
    if hasattr(data, "data_vars"):
        named = {listed_as(str(key), variable.dims): variable for key, variable in data.variables.items()}
        data = {key: variable.values for key, variable in named.items() if variable.shape}
    if isinstance(data, Mapping):
        arrays = {str(key): np.asarray(value) for key, value in data.items()}
        return Arrays(path, tuple(arrays), arrays.__getitem__, unused(tuple(arrays)))
    if hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, np.ndarray | str):
        return _of_pairs(path, data)
    raise InputError(
        f"{type(data).__name__} is no data; give a path, a DataFrame, an xarray Dataset, or a torch Dataset "
        "of pairs",
        key="data",
    )


def _of_pairs(path: Path, data: Any) -> Arrays:
    """Return samples `x` and targets `y` of a sequence of pairs, read once."""
    pairs = [data[number] for number in range(len(data))]
    if not pairs or not all(isinstance(pair, tuple | list) and len(pair) > 1 for pair in pairs):
        raise InputError(
            f"'{path}' is no sequence of pairs (x, y); give the arrays to Task.from_arrays", key="data"
        )
    samples = [np.asarray(pair[0]) for pair in pairs]
    same = len({sample.shape for sample in samples}) == 1
    arrays: dict[str, Any] = {"x": np.stack(samples) if same else samples}
    arrays["y"] = np.array([np.asarray(pair[-1]) for pair in pairs])
    return Arrays(path, ("x", "y"), arrays.__getitem__)
