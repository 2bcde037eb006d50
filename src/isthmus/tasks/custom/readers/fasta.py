"""`.fasta`, `.fa`: sequences of letters as `x`, a channel for each letter; also a file for each class."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.custom.cells import typed
from isthmus.tasks.custom.column_facts import TARGETS, plain
from isthmus.tasks.custom.contents import Arrays, formats, suffix_of
from isthmus.tasks.custom.letters import letters_note, one_hot
from isthmus.tasks.custom.sample_folders import folder_formats, sample_files
from isthmus.tasks.custom.texts import read_text

SUFFIXES = (".fasta", ".fa", ".fna", ".faa", ".fasta.gz", ".fa.gz")


@dataclass(frozen=True)
class Sequences(Arrays):
    """Sequences of letters `x`, with what their headers say as `id` and `y`.

    Attributes:
        sequences: The sequences.
        length: Length that they are cut or filled up to; None for that of the longest.
    """

    sequences: Sequence[str] = field(default=(), repr=False)
    length: int | None = None

    def fitted(self, shape: tuple[int, ...]) -> Self:
        """Return the contents with sequences of the length of a shape [C, L]."""
        fitted = replace(self, length=shape[-1])
        read = self.read
        return replace(
            fitted, read=lambda name: one_hot(self.sequences, shape[-1]) if name == "x" else read(name)
        )


def read_fasta(path: Path) -> Sequences:
    """Read sequences `x`, the first word of their headers `id`, and the last of what follows, `y`.

    `>seq1 promoter` and `>seq1|promoter` are of the class promoter.

    Args:
        path: Path of the file.

    Raises:
        InputError: If it holds no sequences.
    """
    headers, sequences, notes = _records(path)
    words = [header.replace("|", " ").split() or [""] for header in headers]
    labels = {"id": np.array([first for first, *_ in words])}
    if all(len(rest) > 1 for rest in words):
        pairs = [rest[-1].rpartition("=") for rest in words]  # label=promoter
        if all(plain(key) in {"", *TARGETS} for key, _, _ in pairs):
            labels["y"] = typed([label for _, _, label in pairs])
            notes = (*notes, "y is the last word of each header")
    return _contents(path, sequences, labels, notes)


@folder_formats.register("a FASTA file for each class")
def read_fasta_folder(path: Path) -> Sequences | None:
    """Read a folder with a FASTA file for each class: sequences `x`, and names of the files as `y`.

    Args:
        path: Path of the folder.

    Raises:
        InputError: If a file holds no sequences.
    """
    files = [file for file in sample_files(path.iterdir()) if suffix_of(file) in SUFFIXES]
    if not files:
        return None
    sequences: list[str] = []
    labels: list[str] = []
    for file in files:
        _, found, _ = _records(file)
        sequences += found
        labels += [file.name.partition(".")[0]] * len(found)
    return _contents(path, sequences, {"y": np.array(labels)}, ())


def _records(path: Path) -> tuple[list[str], list[str], tuple[str, ...]]:
    """Read headers and sequences of a file, and notes."""
    text, notes = read_text(path)
    headers: list[str] = []
    parts: list[list[str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith(">"):
            headers.append(line[1:].strip())
            parts.append([])
        elif line and not line.startswith(";"):
            if not parts or not all(letter.isalpha() or letter in "*-.?" for letter in line):
                raise InputError(
                    f"'{path}' cannot be read as FASTA: line {number} is no sequence under a header '>'",
                    kind="file",
                    key=path,
                )
            parts[-1].append(line)
    sequences = ["".join(part) for part in parts]
    if not sequences or not all(sequences):
        raise InputError(f"'{path}' holds no sequences, or an empty one", kind="file", key=path)
    return headers, sequences, tuple(notes)


def _contents(
    path: Path, sequences: list[str], labels: dict[str, np.ndarray], notes: tuple[str, ...]
) -> Sequences:
    """Return sequences with their labels."""

    def read(name: str) -> Any:
        return one_hot(sequences) if name == "x" else labels[name]

    told = (*notes, letters_note("x", sequences))
    return Sequences(path, ("x", *labels), read, told, sequences)


for suffix in SUFFIXES:
    formats.register(suffix)(read_fasta)
