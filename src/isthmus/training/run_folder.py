"""The folder of a run: who may write to it, and when, and what is read from it afterwards."""

import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus.config.files import FLAT_SCHEMA_KEY, from_flat_schema, read_config, write_config
from isthmus.config.schema import RunConfig, make_config
from isthmus.errors import InputError
from isthmus.files import is_part, make_folder, sweep
from isthmus.methods.specialists import SpecialistNet
from isthmus.model import Net, load_net
from isthmus.tasks import prepare_inputs, problem_types
from isthmus.training.callbacks import LAST
from isthmus.training.checkpoints import saved_config

CONFIG, RESULT, METRICS, LOG = "config.yaml", "result.json", "metrics.csv", "log.txt"
FOUND, CHOSEN = "found.json", "chosen.json"
MODEL, CHECKPOINTS, TENSORBOARD = "model", "checkpoints", "tensorboard"

PREDICTION_BATCH = 64


@dataclass(frozen=True)
class Run:
    """A finished run: one task x method x backbone x seed. `Run(folder)` opens it.

    Attributes:
        folder: Directory with `config.yaml`, `result.json`, `metrics.csv`, `checkpoints/`, `model/` and
            `log.txt`.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Take a path in any form."""
        object.__setattr__(self, "folder", Path(self.folder))

    @cached_property
    def config(self) -> RunConfig:
        """Complete settings of the run, in their groups."""
        return read_config(_existing(self.folder / CONFIG))

    @cached_property
    def result(self) -> dict[str, Any]:
        """Content of `result.json`: errors, costs, versions."""
        path = _existing(self.folder / RESULT)
        try:
            result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise InputError(f"'{path}' is damaged: it is not JSON", kind="file", key=path) from None
        return result

    @property
    def test_error(self) -> float | None:
        """Error on the test data, lower is better; None where the task has no test data."""
        error: float | None = self.result["error"]
        return error

    @cached_property
    def net(self) -> Net:
        """Trained network, in evaluation mode."""
        return load_net(self.folder / MODEL, SpecialistNet)

    def outputs(self, x: Any) -> torch.Tensor:
        """Compute the network's outputs [N, C', *size].

        Args:
            x: Samples like those of the task; the series of a list may differ in length.

        Raises:
            InputError: If they do not fit the task.
        """
        inputs = prepare_inputs(x, self.net.spec.input_shape)
        device = next(self.net.parameters()).device
        with torch.inference_mode():
            parts = np.split(np.arange(len(inputs)), range(PREDICTION_BATCH, len(inputs), PREDICTION_BATCH))
            return torch.cat([self.net(torch.from_numpy(inputs[part]).to(device)) for part in parts])

    def predict(self, x: Any) -> np.ndarray:
        """Predict in the task's own terms: classes by name, 0 or 1 a label, numbers, a field, a mask."""
        return problem_types[self.net.spec.kind]().decode(self.outputs(x), self.net.spec.classes)

    def predict_proba(self, x: Any) -> np.ndarray:
        """Predict probabilities of classes or labels [N, C', *size], in the order of `net.spec.classes`."""
        return problem_types[self.net.spec.kind]().probabilities(self.outputs(x))

    def __repr__(self) -> str:
        """Return the folder and the test error, if the run is finished."""
        finished = (self.folder / RESULT).is_file()
        outcome = f"test_error={self.test_error}" if finished else "unfinished"
        return f"Run({str(self.folder)!r}, {outcome})"


def default_folder(config: RunConfig) -> Path:
    """Return runs/TASK-METHOD-BACKBONE-SEED, without a backbone where the method uses none."""
    given = config.flat(only_given=True)
    backbone = f"-{Path(given['backbone']).name}" if "backbone" in given else ""
    name = f"{config.task}-{config.method['name']}{backbone}-{config.seed}"
    return Path("runs") / name.replace("/", "-")


def last_checkpoint(folder: Path) -> Path | None:
    """Return the checkpoint that a run can go on from; None if nothing was kept yet."""
    path = folder / CHECKPOINTS / LAST
    return path if path.exists() else None


def claim(folder: Path, config: RunConfig, resume: bool) -> Path | None:
    """Make the folder this run's, or find what there is to resume; clear away what was cut off half-way.

    Args:
        folder: Run directory.
        config: Complete settings.
        resume: Whether a run that is there may be gone on with.

    Returns:
        The checkpoint to resume from; None to start at the beginning.

    Raises:
        InputError: If the folder holds another run or something else, or this run without `resume`, or a
            checkpoint that is damaged or another run's, or if it cannot be written to.
    """
    stored = folder / CONFIG
    begun = stored.exists()
    if begun:
        _check_same(f"'{folder}' holds another run", read_config(stored), config)
        if not resume:
            raise InputError(
                f"'{folder}' holds this run already; give --resume to go on with it, or another folder",
                kind="conflict",
                key=folder,
            )
    elif folder.is_dir() and not all(is_part(path) for path in folder.iterdir()):
        raise InputError(
            f"'{folder}' is not empty and holds no run; give another folder", kind="conflict", key=folder
        )
    checkpoint = last_checkpoint(folder) if begun else None
    if checkpoint is not None:
        values = saved_config(checkpoint)
        there = make_config(from_flat_schema(values) if FLAT_SCHEMA_KEY in values else values)
        _check_same(f"'{checkpoint}' is a checkpoint of another run", there, config)
    make_folder(folder)
    sweep(folder)
    if not (folder / RESULT).exists():  # what is there of the model was cut off
        shutil.rmtree(folder / MODEL, ignore_errors=True)
    if not begun:
        write_config(config, stored)
    return checkpoint


def _check_same(complaint: str, there: RunConfig, config: RunConfig) -> None:
    """Raise InputError with the first setting in which two runs differ, if one does."""
    found = there.flat()
    for name, value in config.flat(only_given=True).items():
        if found[name] != value:
            told = f"its {name} is {found[name]!r}, and {value!r} was asked for"
            raise InputError(f"{complaint}: {told}; give another folder", kind="conflict", key=name)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(
            f"'{path.parent}' is not the folder of a finished run: it has no {path.name}",
            kind="file",
            key=path.parent,
        )
    return path
