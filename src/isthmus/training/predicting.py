"""Predicting new samples in the task's own terms: what a run and an average of several runs share."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from torch import Tensor

from isthmus.config.description import Description
from isthmus.model.base import Spec
from isthmus.tasks import problem_types
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.tasks.predictions import Predictions, target_names
from isthmus.tasks.problem_types import ProblemType


class Predicting(ABC):
    """What computes outputs for new samples; all that is predicted is made from these."""

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """Description of the task."""

    @property
    @abstractmethod
    def description(self) -> Description | None:
        """How the data was read, if it was the user's own file: names, layout, fill values, windows."""

    @abstractmethod
    def outputs(self, x: Any) -> Tensor:
        """Compute outputs [N, C', *size].

        Args:
            x: Samples like those of the task; the series of a list may differ in length.

        Raises:
            InputError: If they do not fit the task, or an output is NaN or infinite.
        """

    @abstractmethod
    def file_outputs(self, data: Any) -> tuple[Samples, Tensor]:
        """Read the samples of a file as the training data was read, and compute their outputs."""

    @property
    def kind(self) -> ProblemType:
        """Kind of output."""
        return problem_types[self.spec.kind]()

    def predict(self, x: Any) -> np.ndarray:
        """Predict in the task's own terms: classes by name, 0 or 1 a label, numbers, a field, a mask."""
        return self.kind.decode(self.outputs(x), self.spec.classes)

    def predict_proba(self, x: Any) -> np.ndarray:
        """Predict probabilities of classes or labels [N, C', *size], in the order of `net.spec.classes`."""
        return self.kind.probabilities(self.outputs(x))

    def predict_file(self, data: Any, *, probabilities: bool = False) -> Predictions:
        """Predict the samples of a file, which is read as the run's own data was; targets in it are not used.

        Args:
            data: File or folder of any format that data is read from, or a bare `.npy`; or a pandas
                DataFrame, an xarray Dataset, a mapping of arrays or a torch Dataset.
            probabilities: Whether to compute those of classes or labels, too.

        Raises:
            InputError: If it cannot be read, or its samples do not fit the task.
        """
        spec = self.spec
        samples, outputs = self.file_outputs(data)
        return Predictions(
            ids=samples.ids,
            targets=target_names(self.description, spec.output_channels if not spec.classes else 1),
            values=self.kind.decode(outputs, spec.classes),
            classes=spec.classes,
            probabilities=self.kind.probabilities(outputs) if probabilities else None,
        )
