"""Guesses about x and y: which axis is which, and which kind of output is asked for."""

import hashlib
from typing import Any

import numpy as np

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.tasks.custom.class_guesses import CLASS_GUESSES
from isthmus.tasks.custom.column_facts import FEW, has_classes, is_text, is_whole, smoothness
from isthmus.tasks.custom.guesses import Arrays, Guess, Guesser

COLOURS = (1, 3, 4)
FEW_CHANNELS = 16
"""Length of a last axis up to which it is likely to hold channels, if the one before is four times longer"""
SMALLEST_PICTURE = 8
PER_CLASS = 10
"""Samples of a whole number below which many numbers are likely to be quantities"""
MOST_CLASSES = 10
"""Different whole numbers, written as 1.0 and 2.0, up to which they are taken as classes"""
MOST_CODES = 26
"""Different whole numbers up to which they may be codes of letters"""
ROWS_LOOKED_AT = 64
MOST_HASHED = 2**26
"""Values up to which test samples are looked for in the training data"""


def samples_last(description: Description, arrays: Arrays) -> Guess | None:
    """Refuse x whose last axis is as long as y, and not its first; tell where both are."""
    x, y = arrays["x"], arrays["y"]
    if description.layout is not None or isinstance(x, list) or y is None or x.ndim < 2:
        return None
    if len(x) != len(y) and x.shape[-1] == len(y):
        raise InputError(
            f"x has shape {list(x.shape)} and y {list(y.shape)}; if the last axis of x is that of the "
            "samples, give --layout samples_last",
            kind="conflict",
            key="layout",
        )
    if x.ndim == 2 and len(y) == len(x) == x.shape[1] and isinstance(description.x, str):
        return Guess(
            f"x {list(x.shape)} has as many points as samples; if samples are its columns, give --layout "
            "samples_last"
        )
    return None


def series_layout(description: Description, arrays: Arrays) -> Guess | None:
    """Tell channels [N, C, L] from points [N, L, C] and from pictures [N, H, W]."""
    x = arrays["x"]
    shape = _shape_of_list(x) if isinstance(x, list) else list(x.shape) if x.dtype.kind in "biuf" else []
    if description.layout is not None or len(shape) != 3:
        return None
    _, rows, columns = shape
    if columns == 1 < rows or (columns <= FEW_CHANNELS and rows >= 4 * columns):
        return Guess(
            f"x {shape} is read as {_counted(columns, 'channel')} of {rows} points, channels last; "
            "to change it give --layout channels_first",
            {"layout": "channels_last"},
        )
    if rows == columns >= SMALLEST_PICTURE:
        return Guess(
            f"x {shape} is read as pictures of {rows} x {columns} points; for {rows} channels give --layout "
            "channels_first",
            {"layout": "pictures"},
        )
    if rows > max(columns, FEW_CHANNELS) or min(rows, columns) >= 2 * SMALLEST_PICTURE:
        return Guess(
            f"x {shape} is read as {rows} channels of {columns} points; for points before channels give "
            "--layout channels_last, for pictures of one channel --layout pictures"
        )
    return None


def picture_layout(description: Description, arrays: Arrays) -> Guess | None:
    """Tell [N, C, H, W] from [N, H, W, C]."""
    x = arrays["x"]
    if description.layout is not None or isinstance(x, list) or x.ndim != 4:
        return None
    first, height, last = x.shape[1], x.shape[2], x.shape[3]
    if last in COLOURS and first not in COLOURS:
        return Guess(
            f"x {list(x.shape)} is read as pictures of {first} x {height} points, their "
            f"{_counted(last, 'channel')} last; to change it give --layout channels_first",
            {"layout": "channels_last"},
        )
    if last < first:
        return Guess(
            f"x {list(x.shape)} is read as {first} channels of {height} x {last} points; for channels last "
            "give --layout channels_last"
        )
    return None


def columns_of_classes(description: Description, arrays: Arrays) -> Guess | None:
    """Take columns of 0 and 1 as one-hot classes, where each row has a single 1, or else as labels."""
    x, y = arrays["x"], arrays["y"]
    if description.kind is not None or description.one_hot is not None or not _is_array(y, 2):
        return None
    if y.shape[1] < 2 or is_text(y) or not ((y == 0) | (y == 1)).all():
        return None
    if y.shape[1] > FEW and not isinstance(x, list) and y.shape[1] == x.shape[-1]:
        raise InputError(
            f"y {list(y.shape)} may be a mask or {y.shape[1]} labels for each sample; "
            "give --kind segmentation or --kind multilabel",
            kind="conflict",
            key="kind",
        )
    if (y.sum(1) == 1).all():
        return Guess(
            f"y {list(y.shape)} holds a single 1 in each row: {y.shape[1]} one-hot classes; for labels that "
            "exclude one another by chance give --kind multilabel",
            {"one_hot": True, "kind": "classification"},
        )
    return Guess(
        f"y {list(y.shape)} holds 0 and 1: {y.shape[1]} labels for each sample; for numbers give --kind "
        "regression",
        {"kind": "multilabel"},
    )


def masks(description: Description, arrays: Arrays) -> Guess | None:
    """Take whole numbers or text at the positions of x as a class for each position."""
    x, y = arrays["x"], arrays["y"]
    if description.kind is not None or isinstance(x, list) or not isinstance(y, np.ndarray) or y.ndim < 2:
        return None
    fits = y.shape[1:] == x.shape[len(x.shape) - y.ndim + 1 :] and y[0].size > 1
    if not fits or y.ndim > 3 or y.dtype.kind not in "biuUS":
        return None
    return Guess(
        f"y {list(y.shape)} holds a class for each position of x: segmentation; for numbers give "
        "--kind regression",
        {"kind": "segmentation"},
    )


def number_or_class(description: Description, arrays: Arrays) -> Guess | None:
    """Tell classes from quantities among whole numbers."""
    y = arrays["y"]
    if description.kind is not None or not _is_array(y, 1) or is_text(y) or not is_whole(y) or not len(y):
        return None
    values = np.unique(y)
    count, per_value = len(values), len(y) / len(values)
    span = f"from {values[0]:g} to {values[-1]:g}"
    if y.dtype.kind == "f":
        adjacent = (values[0] in (-1, 0, 1) and (np.diff(values) == 1).all()) or set(values) == {-1, 1}
        if 2 <= count <= MOST_CLASSES and adjacent and per_value >= 2:
            return Guess(
                f"y holds whole numbers {span} with a decimal point: {count} classes; for numbers to predict "
                "give --kind regression",
                {"kind": "classification"},
            )
        return Guess(
            f"y holds {count} whole numbers {span} with a decimal point: numbers to predict; for classes "
            "give --kind classification",
            {"kind": "regression"},
        )
    if count > FEW and per_value < PER_CLASS:
        return Guess(
            f"y holds {count} whole numbers {span}, few of each: numbers to predict; for classes give "
            "--kind classification",
            {"kind": "regression"},
        )
    if count > FEW or (count > 2 and values[-1] - values[0] >= 2 * count):
        return Guess(
            f"y holds {count} whole numbers {span}: they are read as classes; for numbers to predict give "
            "--kind regression"
        )
    return None


def recording(description: Description, arrays: Arrays) -> Guess | None:
    """Tell of rows [N, C] that look like time steps of one recording."""
    x, y = arrays["x"], arrays["y"]
    if description.layout is not None or description.window is not None or isinstance(x, list):
        return None
    if not _is_array(x, 2) or not isinstance(description.x, str) or len(x) < ROWS_LOOKED_AT:
        return None
    if x.dtype.kind not in "iuf" or not has_classes(y) or not np.isfinite(x[:, :8]).all():
        return None
    if x.shape[1] > FEW_CHANNELS or smoothness(x[:, :8].astype(np.float64), y) < 0.9:
        return None
    return Guess(
        "the rows of x are read as samples, but look like time steps of one recording; if they are, give "
        "--layout rows_are_time --window 100"
    )


def codes(description: Description, arrays: Arrays) -> Guess | None:
    """Tell of a few whole numbers in long rows, which may be codes of letters."""
    x = arrays["x"]
    if not _is_array(x, 2) or x.dtype.kind not in "iu" or x.shape[1] < FEW or x.size > MOST_HASHED:
        return None
    values = np.unique(x)
    if not 2 < len(values) <= MOST_CODES or values[-1] - values[0] >= MOST_CODES:
        return None
    return Guess(
        f"x holds {len(values)} whole numbers, {values[0]} to {values[-1]}, read as quantities; if they are "
        "codes, of nucleotides perhaps, write them as letters, which become a channel each"
    )


def shared_samples(description: Description, arrays: Arrays) -> Guess | None:
    """Tell of test samples that are also in the training data."""
    train, test = arrays["x"], arrays.get("x_test")
    if not isinstance(train, np.ndarray) or not isinstance(test, np.ndarray):
        return None
    if train.shape[1:] != test.shape[1:] or train.size + test.size > MOST_HASHED:
        return None
    seen = {_digest(row) for row in train}
    count = sum(_digest(row) in seen for row in test)
    if not count:
        return None
    return Guess(
        f"{count} of {len(test)} test samples are also in the training data, so the test error says too "
        "little; --hold-out 0.2 cuts test data from the training data instead"
    )


ARRAY_GUESSES: tuple[Guesser, ...] = (
    samples_last,
    series_layout,
    picture_layout,
    masks,
    columns_of_classes,
    number_or_class,
    *CLASS_GUESSES,
    codes,
    recording,
    shared_samples,
)


def _is_array(values: Any, axes: int) -> bool:
    return isinstance(values, np.ndarray) and values.ndim == axes


def _shape_of_list(x: list[np.ndarray]) -> list[int]:
    """Return [N, fewest rows, columns] of a list of samples with as many columns; else nothing."""
    shapes = [np.shape(sample) for sample in x]
    alike = len({shape[1:] for shape in shapes}) == 1 and len(shapes[0]) == 2
    return [len(x), min(shape[0] for shape in shapes), shapes[0][1]] if alike else []


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _digest(row: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(row, dtype=np.float64).tobytes(), digest_size=16).digest()
