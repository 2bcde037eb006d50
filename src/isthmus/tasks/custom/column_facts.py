"""Facts about a column that guesses are made of."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import numpy as np

from isthmus.config.description import Description

SHOWN = 20
"""Letters of a text that messages show"""
SEQUENCE = 8
"""Letters of the median cell of a column that holds sequences; shorter ones are words"""
FEW = 20
"""Number of different whole numbers up to which they are likely to be classes"""
TARGETS = frozenset(
    {"y", "label", "labels", "class", "classes", "target", "targets", "species", "diagnosis", "outcome"}
)
ROWS = frozenset({"", "index", "idx", "no", "nr", "row", "rowid", "rownames", "unnamed", "unnamed0"})
"""Names of columns that number rows, so that a value that is repeated tells nothing"""
SAMPLES = frozenset(
    {"id", "sample", "sampleid", "sampleno", "samplenumber", "samplename", "key", "uuid", "file", "filename"}
    | {"spectrumid", "name", "caseid", "recordid", "objid", "specobjid"}
)
SUBJECTS = frozenset(
    {"subject", "subjectid", "patient", "patientid", "participant", "participantid", "person", "group"}
    | {"groupid"}
)
TIMES = frozenset({"time", "timestamp", "date", "datetime", "day", "seconds", "t", "ts"})
POSITIONS = frozenset(
    {
        "wavelength",
        "wavelengths",
        "wavenumber",
        "wavenumbers",
        "wl",
        "wn",
        "nm",
        "lambda",
        "cm1",
        "ramanshift",
    }
    | {"shift", "frequency", "freq", "hz", "ppm", "mz", "energy", "angle", "2theta", "depth", "position"}
)
"""Names of positions on the axis of a spectrum or a profile"""
FEWEST_ROWS = 8
"""Rows below which nothing is made of an order that may be by chance"""
FEWEST_POSITIONS = 5
"""Columns named by numbers from which on they are the points of a series"""


def is_text(values: np.ndarray) -> bool:
    """Return whether a column holds text."""
    return values.dtype.kind in "US"


def is_letters(values: np.ndarray) -> bool:
    """Return whether text is a letter, or a sequence of letters, in each row."""
    if not is_text(values) or values.ndim != 1:
        return False
    cells = [cell for cell in values.tolist() if cell]
    single = all(len(cell) == 1 for cell in cells)
    long = bool(cells) and float(np.median([len(cell) for cell in cells])) >= SEQUENCE
    return bool(cells) and (single or (long and all(re.fullmatch(r"[A-Z*.?-]+|[acgtun]+", c) for c in cells)))


def known(values: np.ndarray) -> np.ndarray:
    """Return the values that are not missing."""
    found: np.ndarray = values[values != ""] if is_text(values) else values[values == values]
    return found


def is_whole(values: np.ndarray) -> bool:
    """Return whether all values that are there are whole numbers."""
    if values.dtype.kind in "biu":
        return True
    found = known(values) if values.dtype.kind == "f" else values[:0]
    return bool(found.size and (found == np.round(found)).all())


def has_classes(values: np.ndarray) -> bool:
    """Return whether a column may hold classes: text or whole numbers, few, and each more than once."""
    if values.ndim != 1 or not (is_text(values) or is_whole(values)):
        return False
    found, counts = np.unique(known(values), return_counts=True)
    few = len(found) <= (len(values) / 2 if is_text(values) else min(FEW, len(values) / 3))
    return bool(len(found) >= 2 and few and counts.min() >= 2)


def is_rising(values: np.ndarray) -> bool:
    """Return whether numbers rise strictly from row to row."""
    return values.ndim == 1 and values.dtype.kind in "iuf" and bool((np.diff(values) > 0).all())


def is_monotonic(values: np.ndarray) -> bool:
    """Return whether numbers always rise, or always fall, from row to row."""
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        return False
    return bool((values[1:] > values[:-1]).all() or (values[1:] < values[:-1]).all())


def counts_rows(values: np.ndarray) -> bool:
    """Return whether a column counts the rows."""
    return is_rising(values) and is_whole(values) and bool((np.diff(values) == 1).all())


def are_different(values: np.ndarray) -> bool:
    """Return whether no value comes twice."""
    return len(np.unique(values)) == len(values)


def determines(column: np.ndarray, classes: np.ndarray) -> bool:
    """Return whether few different values of a column each belong to one class."""
    values, first, codes = np.unique(column, return_index=True, return_inverse=True)
    return len(values) <= max(10, 2 * len(np.unique(classes))) and bool(
        (classes[first][codes] == classes).all()
    )


def smoothness(columns: np.ndarray, classes: np.ndarray | None) -> float:
    """Return the correlation of neighbouring rows [N, K], the median over columns.

    Args:
        columns: Numbers, [N, K].
        classes: Class of each row, whose mean is taken off first; None for none.
    """
    values = columns - columns.mean(0)
    if classes is not None:
        for label in np.unique(classes):
            values[classes == label] -= values[classes == label].mean(0)
    power = (values**2).sum(0)
    together = (values[1:] * values[:-1]).sum(0)
    return float(np.median(together[power > 0] / power[power > 0])) if (power > 0).any() else 0.0


def plain(name: str) -> str:
    """Return a name in small letters and digits alone, without its unit: `Sample ID` as `sampleid`.

    `Time (s)` and `Time/s` are `time`; a single letter keeps its unit, so that `y (m)` is not `y`.
    """
    without_unit = re.sub(r"\s*[(\[/].*", "", name)
    return re.sub(r"[^a-z0-9]", "", (without_unit if len(without_unit) > 1 else name).lower())


def is_key(name: str, values: np.ndarray) -> bool:
    """Return whether whole numbers are keys: called an ID of something, or larger than any count."""
    if values.ndim != 1 or values.dtype.kind not in "iu":
        return False
    called = re.search(r"(?:^|[^a-zA-Z])(?:id|ID|Id)$|[a-z](?:ID|Id)$", name) is not None
    return called or bool(len(values) and values.min() >= 2**31)


def first_words(values: np.ndarray) -> str:
    """Return the beginning of the first text that is no number, for messages."""
    return excerpt(next((str(value) for value in values.ravel() if as_number(str(value)) is None), ""))


def excerpt(text: str) -> str:
    """Return the beginning of a text, for messages."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def stem(name: str) -> str:
    """Return a name without the number at its end, "" for a number: `x12` as `x`."""
    return "" if as_number(name) is not None else re.sub(r"[\d.]+$", "", name)


def moment(text: str) -> float:
    """Return the seconds since 1970 of a date or a time, as ISO 8601 writes it; NaN for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def as_number(name: str) -> float | None:
    """Return the number that a name is; None if it is none."""
    try:
        number = float(name)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def free_columns(description: Description, columns: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Yield the names of the columns that have no other role than x."""
    y = list(columns)[-1] if description.y is None else description.y
    taken = {*((y,) if isinstance(y, str) else y), *description.drop}
    beside = (description.id, description.group, description.time, description.weight)
    taken |= {name for name in beside if name is not None}
    asked = description.x
    for name, values in columns.items():
        chosen = asked is None or name == asked or (isinstance(asked, tuple) and name in asked)
        if name not in taken and chosen and values.dtype.kind in "biufUS":
            yield name
