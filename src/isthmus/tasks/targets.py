"""What is refused of labels and targets as users have them."""

import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import first_index

MISSING_TEXT = (
    "",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "<NA>",
    "nan",
    "NaN",
    "NAN",
    "-nan",
    "NaT",
    "null",
    "NULL",
    "None",
)
"""Text that stands for a missing value in tables, or is what a missing value becomes as text"""


def too_large(labels: np.ndarray) -> np.ndarray:
    """Return which labels int64 does not hold, or float64 does not tell from their neighbours."""
    if labels.dtype.kind == "f":
        return np.abs(labels.astype(np.float64)) > 2**53
    return labels > 2**63 - 1


def text_labels(labels: np.ndarray, name: str) -> np.ndarray:
    """Convert labels of text or bytes to text; refuse what stands for a missing value, or cannot be written.

    Raises:
        InputError: If a label stands for a missing value, is no text in UTF-8, or holds NUL.
    """
    try:
        text = np.char.decode(labels, "utf-8") if labels.dtype.kind == "S" else labels
        names = "".join(np.unique(text).tolist()).encode("utf-8")
    except UnicodeError:
        names = b"\0"
    if b"\0" in names:
        raise InputError(f"{name} holds labels that are no text in UTF-8, or hold NUL; rename them", key=name)
    missing = np.isin(text, MISSING_TEXT)
    if missing.any():
        where = first_index(missing)
        raise InputError(
            f"{name} holds {str(text[tuple(where)])!r} at {where}, which stands for a missing value; leave "
            "such samples out, or give the class another name",
            key=name,
        )
    return text


def check_alike(content: str, train: np.ndarray, test: np.ndarray) -> None:
    """Refuse test targets that differ from the training targets in type, or in shape but for their number."""
    if train.dtype.kind != test.dtype.kind:
        words = {"U": "text", "i": "integers"}
        raise InputError(
            f"y_train holds {words[train.dtype.kind]} and y_test {words[test.dtype.kind]}; give one type",
            kind="conflict",
            key="y_test",
        )
    if train.shape[1:] != test.shape[1:]:
        raise InputError(
            f"{content} have shape {list(train.shape[1:])} in y_train and {list(test.shape[1:])} in y_test",
            kind="conflict",
            key="y_test",
        )
