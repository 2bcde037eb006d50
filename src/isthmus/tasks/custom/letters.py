"""Sequences of letters as arrays: a channel for each letter, 1 where it stands and 0 elsewhere."""

import re
from collections.abc import Sequence

import numpy as np

LEAST = 8
"""Letters of the median cell of a column that holds sequences; shorter ones are words"""
MOST_LETTERS = 30
ALPHABETS: tuple[tuple[str, str, str], ...] = (
    ("ACGT", "U", "ACGTURYSWKMBDHVN.-"),
    ("ACDEFGHIKLMNPQRSTVWY", "", "ACDEFGHIKLMNPQRSTVWYBJOUXZ*.-"),
)
"""Letters that have a channel, those that are read as the last of them, and those that may stand between:
nucleotides in either case, amino acids in upper case"""
PURE = 0.95
"""Part of the letters that must have a channel for an alphabet to be taken"""


def letters_of(columns: Sequence[np.ndarray]) -> list[str] | None:
    """Return the sequence of each row if columns hold single letters, or the one column sequences, else None.

    Args:
        columns: Arrays [N] side by side.
    """
    if not columns or any(column.dtype.kind != "U" or column.ndim != 1 for column in columns):
        return None
    if len(columns) > 1:
        single = all(column.dtype.itemsize == 4 for column in columns)  # text of one character
        rows = ["".join(row) for row in np.stack(columns, 1).tolist()] if single else []
    else:
        rows = [str(cell).strip() for cell in columns[0]]
        if not rows or np.median([len(row) for row in rows]) < LEAST:
            return None
    used = set("".join(rows))
    if (
        not rows
        or len(used) > MOST_LETTERS
        or not all(re.fullmatch(r"[A-Za-z*.?-]", letter) for letter in used)
    ):
        return None
    if len(columns) == 1 and not all(row.isupper() for row in rows) and not used <= set("acgtunACGTUN"):
        return None  # words
    return rows


def alphabet(sequences: Sequence[str]) -> str:
    """Return the letters that have a channel: ACGT, the 20 amino acids, or those that occur."""
    text = "".join(sequences)
    letters, counts = np.unique(list(text.upper()), return_counts=True)
    for channels, folded, allowed in ALPHABETS:
        known = counts[np.isin(letters, list(channels + folded))].sum()
        if set(letters) <= set(allowed) and known >= PURE * len(text) and (folded or text.isupper()):
            return channels
    return "".join(sorted(set(text)))


def one_hot(sequences: Sequence[str], length: int | None = None) -> np.ndarray:
    """Return float32 [N, A, L]: 1 in the channel of the letter at a position, zeros for any other letter.

    Args:
        sequences: Texts of letters; shorter ones are filled up with zeros.
        length: L; None for that of the longest.
    """
    channels = alphabet(sequences)
    length = max(map(len, sequences), default=0) if length is None else length
    fold = channels in [known for known, *_ in ALPHABETS]
    found = np.zeros((len(sequences), len(channels), length), np.float32)
    for number, sequence in enumerate(sequences):
        text = sequence[:length].upper() if fold else sequence[:length]
        letters = np.array(list(text.replace("U", "T") if channels == "ACGT" else text), dtype="U1")
        found[number, :, : len(letters)] = letters == np.array(list(channels))[:, None]
    return found


def letters_note(what: str, sequences: Sequence[str]) -> str:
    """Return the note that letters become channels."""
    lengths = sorted({len(sequence) for sequence in sequences})
    ends = f"; sequences of {lengths[0]} to {lengths[-1]} letters are filled up" if len(lengths) > 1 else ""
    return f"{what} holds letters: one channel for each of {alphabet(sequences)}, zeros for others{ends}"
