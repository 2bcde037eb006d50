"""`.ts`: series of the UEA and TSER archives, as aeon and sktime write them; `_TRAIN` and `_TEST`.

aeon's own reader turns labels into lower case, so that two classes may become one.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.cells import classes, typed
from isthmus.tasks.custom.contents import Arrays, formats
from isthmus.tasks.custom.pairs import pair_note, paired_arrays, test_file
from isthmus.tasks.custom.texts import read_text

STAMPED = re.compile(r"\([^()]*,\s*([^(),]+)\)")
"""A value with its time"""


@formats.register(".ts")
@formats.register(".ts.gz")
def read_ts(path: Path) -> Arrays:
    """Read series `x`, their classes or numbers `y`, and those of the test file beside it.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged.
    """
    beside, notes = test_file(path), list[str]()
    arrays = _read(path, notes)
    test = None if beside is None else _read(beside, notes)
    return paired_arrays(path, arrays, test, (*notes, pair_note(beside)) if beside else tuple(notes))


def _read(path: Path, notes: list[str]) -> dict[str, Any]:
    """Read series [N, C, L], or a list of [C, L_i] where lengths differ, and targets [N] if there are any."""
    text, told = read_text(path)
    notes += [note for note in told if note not in notes]
    lines = [line.strip() for line in text.splitlines()]
    header = [line.lower().split() for line in lines if line.startswith("@")]
    tags = {words[0]: words[1:] for words in header}
    if "@data" not in tags:
        raise InputError(f"'{path}' cannot be read as .ts: it has no line @data", kind="file", key=path)
    start = next(number for number, line in enumerate(lines) if line.lower() == "@data") + 1
    named = any(tags.get(tag, ["false"])[:1] == ["true"] for tag in ("@classlabel", "@targetlabel"))
    series: list[np.ndarray] = []
    labels: list[str] = []
    for number, line in enumerate(lines[start:], start + 1):
        if not line or line.startswith("#"):
            continue
        channels = line.split(":") if "(" not in line else re.split(r":(?![^()]*\))", line)
        if named:
            labels.append(channels.pop().strip())
        series.append(_sample(path, number, channels))
    if not series:
        raise InputError(f"'{path}' holds no series", kind="file", key=path)
    same = len({sample.shape for sample in series}) == 1
    arrays: dict[str, Any] = {"x": np.stack(series) if same else series}
    if not named:
        return arrays
    numbers = tags.get("@targetlabel", ["false"])[:1] == ["true"]
    return arrays | {"y": typed(labels).astype(np.float64) if numbers else classes(typed(labels))}


def _sample(path: Path, number: int, channels: list[str]) -> np.ndarray:
    """Read a series [C, L] from the text of its channels; a question mark stands for a missing value."""
    with reading(f"{path}:{number}", "a series"):
        rows = [STAMPED.sub(r"\1", channel).replace("?", "nan").split(",") for channel in channels]
        if len({len(row) for row in rows}) > 1:
            raise ValueError("its channels differ in length")
        return np.array(rows, dtype=np.float64)
