"""`.arff`: tables of Weka, read by scipy, and series of several channels, which Weka calls relational."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.cells import MISSING_TEXT, classes, typed
from isthmus.tasks.custom.contents import Contents, Table, formats
from isthmus.tasks.custom.pairs import pair_note, paired_arrays, test_file
from isthmus.tasks.custom.readers.ucr import with_test_file
from isthmus.tasks.custom.texts import read_text


@formats.register(".arff")
@formats.register(".arff.gz")
def read_arff(path: Path) -> Contents:
    """Read the attributes of a table by name, or series `x` of several channels and their classes `y`.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged.
    """
    text, _ = read_text(path)
    head = text[: text.lower().find("@data")].lower()
    if "relational" not in head:
        return with_test_file(_table(path), _table)
    beside = test_file(path)
    test = None if beside is None else _series(beside)
    return paired_arrays(path, _series(path), test, (pair_note(beside),) if beside else ())


def _table(path: Path) -> Table:
    """Read columns of numbers, and of text where the attribute is nominal."""
    from scipy.io import arff

    text, notes = read_text(path)
    with reading(path, ".arff"):
        if re.search(r"(?im)^@data\s+(%.*\s+)*\{", text):
            raise ValueError("its rows are sparse, {index value, ...}; save all values, or as .csv")
        data, meta = arff.loadarff(io.StringIO(text))
    if not len(data):
        raise InputError(f"'{path}' holds no rows of data", kind="file", key=path)
    columns: dict[str, np.ndarray] = {}
    for name in meta.names():
        column = np.asarray(data[name])
        if column.dtype.kind == "S":
            words = np.char.decode(column, "utf-8")
            column = np.where(np.isin(words, ("?", *MISSING_TEXT)), "", words)
            column = typed(column) if not (column == "").any() else column
        columns[name] = column
    return Table(path, tuple(columns), columns.__getitem__, tuple(notes))


def _series(path: Path) -> dict[str, Any]:
    """Read series [N, C, L], or a list of [C, L_i]; each row is 'channel\\nchannel',class."""
    text, _ = read_text(path)
    samples, labels = [], []
    body = text[text.lower().find("@data") + len("@data") :]
    with reading(path, ".arff"):
        for line in filter(str.strip, body.splitlines()):
            if line.startswith("%"):
                continue
            quote = line.strip()[0]
            series, separator, label = line.strip()[1:].rpartition(f"{quote},")
            if not separator:
                raise ValueError("a row is no series in quotation marks and a class")
            rows = [channel.replace("?", "nan").split(",") for channel in series.split("\\n")]
            samples.append(np.array(rows, dtype=np.float64))
            labels.append(label.strip().strip("'\""))
        if not samples:
            raise ValueError("it holds no series")
    same = len({sample.shape for sample in samples}) == 1
    return {"x": np.stack(samples) if same else samples, "y": classes(typed(labels))}
