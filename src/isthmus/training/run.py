"""A finished run: its folder, its result, its network."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus.config import RunConfig
from isthmus.errors import InputError
from isthmus.model import CrossModalNet
from isthmus.tasks import kinds, prepare_inputs

PREDICTION_BATCH = 64


@dataclass(frozen=True)
class Run:
    """One task x method x backbone x seed, done. `Run(folder)` opens it.

    Attributes:
        folder: `config.yaml`, `result.json`, `metrics.csv`, `checkpoints/`, `model/`, `log.txt`.
    """

    folder: Path

    @cached_property
    def config(self) -> RunConfig:
        """What was asked for, complete."""
        return RunConfig.read(_existing(self.folder / "config.yaml"))

    @cached_property
    def result(self) -> dict[str, Any]:
        """What came out: `result.json`."""
        result: dict[str, Any] = json.loads(_existing(self.folder / "result.json").read_text())
        return result

    @property
    def test_error(self) -> float | None:
        """The error on the test data, lower is better; None where the task has no test data."""
        return self.result["error"]

    @cached_property
    def net(self) -> CrossModalNet:
        """The trained network, in evaluation mode."""
        return CrossModalNet.from_pretrained(self.folder / "model")

    def outputs(self, x: Any) -> torch.Tensor:
        """The network's outputs [N, C', *size] for samples like those of the task (a list may differ in length).

        Raises:
            InputError: if they do not fit the task.
        """
        inputs = torch.from_numpy(prepare_inputs(x, self.net.spec.input_shape))
        with torch.inference_mode():
            return torch.cat([self.net(batch) for batch in inputs.split(PREDICTION_BATCH)])

    def predict(self, x: Any) -> np.ndarray:
        """Predictions in the task's own terms: classes by name, 0 or 1 for labels, numbers, a field, a mask."""
        return kinds[self.net.spec.kind]().decode(self.outputs(x), self.net.spec.classes)

    def predict_proba(self, x: Any) -> np.ndarray:
        """Probabilities of classes or labels [N, C', *size], in the order of `net.spec.classes`."""
        return kinds[self.net.spec.kind]().probabilities(self.outputs(x))

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}, test_error={self.test_error})"


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"'{path.parent}' is not the folder of a finished run: it has no {path.name}")
    return path
