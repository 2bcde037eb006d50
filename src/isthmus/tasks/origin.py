"""Where the data of a task came from, and what was understood of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from isthmus.config.description import Description


@dataclass(frozen=True)
class Understood:
    """What was understood of a user's file, as plain text and numbers.

    Attributes:
        file: File or folder.
        samples: Number of samples, training and test together.
        x: Names, shape and axes of the samples.
        y: Names and kind of the targets.
        targets: Classes with their counts, or the range of the numbers.
        splits: Number of training and test samples, and how they were divided.
        ids: Names of the samples, groups and times, where there are some.
        left_out: What of the file is not used.
        notes: What the reader of the format, or the description, did.
        guesses: What was guessed, each with the option that changes it.
    """

    file: str
    samples: int
    x: str
    y: str
    targets: str
    splits: str
    ids: str = ""
    left_out: str = ""
    notes: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()

    def rows(self) -> list[tuple[str, str]]:
        """Return a title and a text for each thing that there is to say."""
        rows = [
            ("file", self.file),
            ("samples", f"{self.samples:,}"),
            ("x", self.x),
            ("y", self.y),
            ("", self.targets),
            ("splits", self.splits),
            ("ids", self.ids),
            ("left out", self.left_out),
            *(("note", note) for note in self.notes),
            *(("guess", guess) for guess in self.guesses),
        ]
        return [row for row in rows if row[1]]


@dataclass(frozen=True)
class Origin:
    """Where the data of a task came from, so that new data can be read in the same way.

    Attributes:
        description: Complete description: what was given and what was found out.
        understood: What was understood, as it is shown.
        ids: Names of the training samples, by what they are called: arrays [N].
    """

    description: Description
    understood: Understood = field(repr=False)
    ids: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
