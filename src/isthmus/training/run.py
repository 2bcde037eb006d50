"""A finished run: its folder, its result, its network."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus.baselines import SpecialistNet
from isthmus.config import RunConfig
from isthmus.errors import InputError
from isthmus.model import Net, load_net
from isthmus.tasks import prepare_inputs, problem_types
from isthmus.training.run_folder import CONFIG, MODEL, RESULT

PREDICTION_BATCH = 64


@dataclass(frozen=True)
class Run:
    """One task x method x backbone x seed, done. `Run(folder)` opens it.

    Attributes:
        folder: `config.yaml`, `result.json`, `metrics.csv`, `checkpoints/`, `model/`, `log.txt`.
    """

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))

    @cached_property
    def config(self) -> RunConfig:
        """What was asked for, complete."""
        return RunConfig.read(_existing(self.folder / CONFIG))

    @cached_property
    def result(self) -> dict[str, Any]:
        """What came out: `result.json`."""
        path = _existing(self.folder / RESULT)
        try:
            result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise InputError(f"'{path}' is damaged: it is not JSON") from None
        return result

    @property
    def test_error(self) -> float | None:
        """The error on the test data, lower is better; None where the task has no test data."""
        return self.result["error"]

    @cached_property
    def net(self) -> Net:
        """The trained network, in evaluation mode."""
        return load_net(self.folder / MODEL, SpecialistNet)

    def outputs(self, x: Any) -> torch.Tensor:
        """The network's outputs [N, C', *size].

        Args:
            x: samples like those of the task; the series of a list may differ in length.

        Raises:
            InputError: if they do not fit the task.
        """
        inputs = torch.from_numpy(prepare_inputs(x, self.net.spec.input_shape))
        device = next(self.net.parameters()).device
        with torch.inference_mode():
            return torch.cat([self.net(batch.to(device)) for batch in inputs.split(PREDICTION_BATCH)])

    def predict(self, x: Any) -> np.ndarray:
        """Predictions in the task's own terms: classes by name, 0 or 1 a label, numbers, a field, a mask."""
        return problem_types[self.net.spec.kind]().decode(self.outputs(x), self.net.spec.classes)

    def predict_proba(self, x: Any) -> np.ndarray:
        """Probabilities of classes or labels [N, C', *size], in the order of `net.spec.classes`."""
        return problem_types[self.net.spec.kind]().probabilities(self.outputs(x))

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}, test_error={self.test_error})"


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"'{path.parent}' is not the folder of a finished run: it has no {path.name}")
    return path
