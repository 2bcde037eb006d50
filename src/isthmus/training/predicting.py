"""Prediction of new samples in the task's own terms, by a run or by the folds of a cross-validation."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.model.base import Spec
from isthmus.tasks import problem_types
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.tasks.predictions import Predictions, target_names
from isthmus.tasks.problem_types import ProblemType
from isthmus.training.calibration import conformal_intervals, conformal_sets, scale_by_temperature
from isthmus.training.kept import SavedOutputs


class Predicting(ABC):
    """A predictor of new samples: a subclass computes outputs, and predictions are made from them here."""

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """Description of the task."""

    @property
    @abstractmethod
    def description(self) -> Description | None:
        """How the data was read, if it was the user's own file: names, layout, fill values, windows."""

    @property
    @abstractmethod
    def held_out(self) -> SavedOutputs | None:
        """Outputs for labelled samples that are neither training nor test data; None if none were kept."""

    @abstractmethod
    def outputs(self, x: Any, *, augmentations: int = 0) -> Tensor:
        """Compute outputs [N, C', *size].

        Args:
            x: Samples like those of the task; the series of a list may differ in length.
            augmentations: Number of randomly changed copies of each sample, as the run's `augment` makes
                them, whose outputs are averaged with those of the sample itself.

        Raises:
            InputError: If they do not fit the task, or an output is NaN or infinite.
        """

    @abstractmethod
    def file_outputs(self, data: Any, *, augmentations: int = 0) -> tuple[Samples, Tensor]:
        """Read the samples of a file as the training data was read, and compute their outputs."""

    @property
    def kind(self) -> ProblemType:
        """Kind of output."""
        return problem_types[self.spec.kind]()

    def predict(self, x: Any, *, augmentations: int = 0) -> np.ndarray:
        """Predict in the task's own terms: classes by name, 0 or 1 a label, numbers, a field, a mask."""
        return self.kind.decode(self.outputs(x, augmentations=augmentations), self.spec.classes)

    def predict_proba(self, x: Any, *, calibrated: bool = False, augmentations: int = 0) -> np.ndarray:
        """Predict probabilities of classes or labels [N, C', *size], in the order of `spec.classes`.

        Args:
            x: Samples like those of the task.
            calibrated: Whether to scale them by the temperature that fits held-out samples best.
            augmentations: Number of changed copies of each sample to average over.
        """
        return self._probabilities(self.outputs(x, augmentations=augmentations), calibrated)

    def predict_set(self, x: Any, confidence: float = 0.9) -> np.ndarray:
        """Predict sets of classes that hold the true one with a probability: bool [N, K].

        Raises:
            InputError: If the samples do not have one class each, or no held-out outputs suffice for it.
        """
        return self._sets(self.outputs(x), confidence)

    def predict_interval(self, x: Any, confidence: float = 0.9) -> np.ndarray:
        """Predict both ends of intervals that hold the true number with a probability: [N, ..., 2].

        Raises:
            InputError: If the targets are not one number or several, or no held-out outputs suffice for it.
        """
        return np.stack(self._ends(self.outputs(x), confidence), -1)

    def _probabilities(self, outputs: Tensor, calibrated: bool) -> np.ndarray:
        """Return the probabilities of outputs, if asked for at the temperature of the held-out samples."""
        if calibrated:
            outputs = scale_by_temperature(self.kind, self._held("calibrated"), outputs)
        return self.kind.probabilities(outputs)

    def _sets(self, outputs: Tensor, confidence: float) -> np.ndarray:
        """Return the conformal sets of outputs [N, K]."""
        if not self.kind.stratified:
            message = (
                f"sets are for tasks with one class a sample, and '{self.spec.task}' is {self.spec.kind}"
            )
            raise InputError(f"{message}; leave them out", kind="conflict", key="intervals")
        held = self._held("intervals")
        known = self.kind.probabilities(torch.from_numpy(held.output))
        return conformal_sets(known, held.y, self.kind.probabilities(outputs), confidence)

    def _ends(self, outputs: Tensor, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of the conformal intervals of outputs [N, C'], in the form of predictions."""
        held, channels = self._held("intervals"), self.spec.output_channels
        if self.spec.classes or self.spec.output_size:
            what = "labels" if self.spec.classes else "targets given by position"
            message = f"sets and intervals are for one class or single numbers, and the task has {what}"
            raise InputError(f"{message}; leave them out", kind="conflict", key="intervals")
        ends = conformal_intervals(held.output, held.y[:, :channels], outputs.cpu().numpy(), confidence)
        lower, upper = (self.kind.true_values(end, channels, ()) for end in ends)
        return lower, upper

    def _held(self, key: str) -> SavedOutputs:
        """Return outputs for held-out samples."""
        held = self.held_out
        if held is None:
            message = (
                "the run has kept no outputs for validation data, by which they would be calibrated; train"
            )
            raise InputError(f"{message} it with validation=0.2, or with --folds 5", kind="missing", key=key)
        return held

    def predict_file(
        self,
        data: Any,
        *,
        probabilities: bool = False,
        calibrated: bool = False,
        intervals: float | None = None,
        augmentations: int = 0,
    ) -> Predictions:
        """Predict the samples of a file, which is read as the run's own data was; targets in it are not used.

        Args:
            data: File or folder of any format that data is read from, or a bare `.npy`; or a pandas
                DataFrame, an xarray Dataset, a mapping of arrays or a torch Dataset.
            probabilities: Whether to compute those of classes or labels, too.
            calibrated: Whether to scale these by the temperature that fits held-out samples best.
            intervals: Probability with which a set of classes, or an interval of numbers, is to hold what is
                true; None for neither.
            augmentations: Number of changed copies of each sample to average over.

        Raises:
            InputError: If it cannot be read, its samples do not fit the task, or what is asked for does not
                fit the run.
        """
        spec = self.spec
        if intervals is not None and augmentations:
            message = "intervals are calibrated on samples as they are; leave intervals or augmentations out"
            raise InputError(message, kind="conflict", key="intervals")
        samples, outputs = self.file_outputs(data, augmentations=augmentations)
        has_sets = self.kind.stratified
        return Predictions(
            ids=samples.ids,
            targets=target_names(self.description, spec.output_channels if not spec.classes else 1),
            values=self.kind.decode(outputs, spec.classes),
            classes=spec.classes,
            probabilities=self._probabilities(outputs, calibrated) if probabilities or calibrated else None,
            sets=self._sets(outputs, intervals) if intervals is not None and has_sets else None,
            ends=self._ends(outputs, intervals) if intervals is not None and not has_sets else None,
        )
