"""What a search has found: its trials, and the best settings as a file that `fit` takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from isthmus.config.files import SCHEMA, lay, read_settings
from isthmus.files import write_text
from isthmus.training.callbacks import write_rows
from isthmus.tuning.study import Study, values_of

BEST, TABLE = "best.yaml", "trials.csv"


@dataclass(frozen=True)
class Tuning:
    """A search for settings, in its folder.

    Attributes:
        folder: Directory with `best.yaml`, `trials.csv`, Optuna's `study.db`, a run folder for each trial.
        error: Validation error of the best trial; None while none is complete.
        trials: A row for each trial: number, state, validation error, epochs, and the values that were tried.
    """

    folder: Path
    error: float | None
    trials: list[dict[str, Any]]

    @property
    def best(self) -> dict[str, Any]:
        """Settings of the best trial by name, as `isthmus.fit(task, **best)` takes them."""
        return {n: v for n, v in read_settings(self.folder / BEST).items() if n != "task"}

    def ranked(self) -> list[dict[str, Any]]:
        """Return the complete trials, the best first."""
        complete = [row for row in self.trials if row["state"] == "complete"]
        return sorted(complete, key=lambda row: (row["error"], row["number"]))


def write_results(study: Study, task: str, settings: Mapping[str, Any]) -> Tuning:
    """Write the table of all trials, and the best settings if a trial is complete."""
    rows = [
        {
            "number": trial.number,
            "state": trial.state.name.lower(),
            "error": trial.value,
            "epochs": trial.last_step,
            **values_of(trial, study.space),
        }
        for trial in study.optuna.get_trials(deepcopy=False)
    ]
    write_rows(study.folder / TABLE, rows, ["number", "state", "error", "epochs", *study.space])
    tuning = Tuning(study.folder, None, rows)
    if not tuning.ranked():
        return tuning
    first = tuning.ranked()[0]
    best = lay(settings, {name: first[name] for name in study.space})
    values = {"schema": SCHEMA, "task": task, **best}
    write_text(study.folder / BEST, yaml.safe_dump(values, sort_keys=False))
    return Tuning(study.folder, first["error"], rows)
