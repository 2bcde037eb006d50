"""What a finding is, what is known of a run, and the registry of checks. A new check is one function."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.training import Run
from isthmus.training.callbacks import read_rows
from isthmus.training.kept import SavedSamples, read_samples, read_summary
from isthmus.training.run_folder import CONFIG, METRICS, RESULT


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a run.

    Attributes:
        check: Name of the check that found it.
        seen: What was seen, with the numbers.
        advice: What to try.
    """

    check: str
    seen: str
    advice: str


class Patient:
    """What is known of a run, whether it is finished or not.

    Args:
        run: Run, or its folder.

    Raises:
        InputError: If the folder holds no run.

    Attributes:
        rows: Figures of every epoch.
        summary: Content of `data.json`; None where the run kept none.
        result: Content of `result.json`; empty for a run that is not finished.
        method: Name and options of the method.
    """

    def __init__(self, run: str | Path | Run) -> None:
        self.run = run if isinstance(run, Run) else Run(Path(run))
        folder = self.run.folder
        if not (folder / CONFIG).is_file():
            raise InputError(
                f"'{folder}' is not the folder of a run: it has no {CONFIG}", kind="file", key=folder
            )
        metrics = folder / METRICS
        self.rows: list[dict[str, float]] = read_rows(metrics) if metrics.is_file() else []
        self.summary = read_summary(folder)
        self.result: Mapping[str, Any] = self.run.result if (folder / RESULT).is_file() else {}
        self.method: Mapping[str, Any] = self.run.config.method

    @cached_property
    def samples(self) -> SavedSamples | None:
        """A few samples of the run; None where it kept none."""
        return read_samples(self.run.folder)

    def column(self, name: str) -> np.ndarray:
        """Return a figure of the epochs that have it, [E]; empty if none has."""
        return np.array([row[name] for row in self.rows if name in row])


Check = Callable[[Patient], Iterator[tuple[str, str]]]
"""Yields what it sees, and what to try"""

checks: Registry[Check] = Registry("check", "isthmus.doctor")


def diagnose(run: str | Path | Run) -> list[Finding]:
    """Look at what a run has kept, and return what is wrong with it; nothing is trained.

    Args:
        run: Run, or its folder; it may be unfinished.

    Raises:
        InputError: If the folder holds no run, or a file of it is damaged.
    """
    patient = Patient(run)
    return [Finding(name, *found) for name, check in checks.items() for found in check(patient)]
