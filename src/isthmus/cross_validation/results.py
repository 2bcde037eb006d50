"""The folder of a cross-validation: its errors, and its runs as one predictor."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from isthmus.config.description import Description
from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.model.base import Spec
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.training import Run
from isthmus.training.kept import SavedOutputs, read_arrays
from isthmus.training.predicting import Predicting

DESCRIBED, RESULT = "cross_validation.yaml", "cross_validation.json"
TABLE, OUTPUTS = "out_of_fold.csv", "out_of_fold.npz"


class FoldResult(BaseModel):
    """One fold in `cross_validation.json`."""

    samples: NonNegativeInt
    error: float
    floor: str | None = None
    floor_error: float | None = None


class Outcome(BaseModel):
    """The content of `cross_validation.json`."""

    model_config = ConfigDict(extra="allow")

    task: str
    method: str
    metric: str
    folds: list[FoldResult] = Field(min_length=2)
    mean: float
    std: float
    error: float
    test_error: float | None
    test_samples: NonNegativeInt


@dataclass(frozen=True)
class CrossValidation(Predicting):
    """A finished cross-validation. `CrossValidation(folder)` opens it.

    It predicts as one: outputs of the folds' networks are averaged, where there are classes or labels their
    probabilities.

    Attributes:
        folder: Directory with `cross_validation.json`, `out_of_fold.csv`, and a run folder for each fold.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Take a path in any form."""
        object.__setattr__(self, "folder", Path(self.folder))

    def run_folder(self, number: int) -> Path:
        """Return the directory of a fold's run, counted from 0: `fold-1` is the first."""
        return self.folder / f"fold-{number + 1}"

    @cached_property
    def result(self) -> Outcome:
        """Content of `cross_validation.json`."""
        path = self.folder / RESULT
        if not path.is_file():
            message = f"'{self.folder}' is not the folder of a finished cross-validation: it has no {RESULT}"
            raise InputError(message, kind="file", key=self.folder)
        return read_json(path, Outcome, "give the same command again, without that file")

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Runs of the folds."""
        return tuple(Run(self.run_folder(number)) for number in range(len(self.result.folds)))

    @property
    def errors(self) -> list[float]:
        """Error of each fold on the samples that were held out."""
        return [fold.error for fold in self.result.folds]

    @property
    def test_error(self) -> float | None:
        """Error of all folds together on the test data; None where the task has no test data."""
        return self.result.test_error

    @property
    def spec(self) -> Spec:
        """Description of the task."""
        return self.runs[0].spec

    @property
    def description(self) -> Description | None:
        """How the data was read; each fold has values of its own that fill missing ones in."""
        return self.runs[0].description

    @property
    def held_out(self) -> SavedOutputs:
        """Out-of-fold outputs of all labelled samples but the test data."""
        arrays = read_arrays(self.folder / OUTPUTS)
        return SavedOutputs(arrays["index"], arrays["output"], arrays["y"])

    def outputs(self, x: Any, *, augmentations: int = 0) -> torch.Tensor:
        """Compute the average of the networks' outputs [N, C', *size].

        Args:
            x: Samples like those of the task; the series of a list may differ in length.
            augmentations: Number of changed copies of each sample that each network averages over.

        Raises:
            InputError: If they do not fit the task, or an output is NaN or infinite.
        """
        found = [run.outputs(x, augmentations=augmentations) for run in self.runs]
        return self.kind.average(torch.stack(found, 1))

    def file_outputs(self, data: Any, *, augmentations: int = 0) -> tuple[Samples, torch.Tensor]:
        """Read the samples of a file as each fold's data was read, and average their outputs."""
        found = [run.file_outputs(data, augmentations=augmentations) for run in self.runs]
        return found[0][0], self.kind.average(torch.stack([outputs for _, outputs in found], 1))
