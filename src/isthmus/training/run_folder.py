"""The folder of a run: who may write to it, and when, and what is read from it afterwards."""

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus.augmentation import Augmentation, augmentations
from isthmus.config.description import Description
from isthmus.config.files import (
    FLAT_SCHEMA_KEY,
    from_flat_schema,
    read_config,
    read_yaml,
    with_earlier_defaults,
    write_config,
)
from isthmus.config.plain_text import read_json
from isthmus.config.schema import RunConfig, make_config
from isthmus.errors import InputError
from isthmus.files import sweep
from isthmus.floors.comparison import FloorComparison
from isthmus.locks import is_unused, lock_folder
from isthmus.methods.specialists import SpecialistNet
from isthmus.model import Net, load_net
from isthmus.model.base import Spec
from isthmus.model.evaluation import first_not_finite, not_finite_message
from isthmus.precision import single_precision
from isthmus.tasks import prepare_inputs
from isthmus.tasks.custom.description import read_description
from isthmus.tasks.custom.new_samples import read_new_samples
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.training.callbacks import LAST
from isthmus.training.checkpoints import saved_config
from isthmus.training.copies import copier
from isthmus.training.forms import Chosen, Result
from isthmus.training.kept import SavedOutputs, read_validation
from isthmus.training.predicting import Predicting

CONFIG, RESULT, METRICS, LOG = "config.yaml", "result.json", "metrics.csv", "log.txt"
FOUND, CHOSEN, DESCRIPTION = "found.json", "chosen.json", "description.yaml"
MODEL, CHECKPOINTS = "model", "checkpoints"

PREDICTION_BATCH = 64
FAR_OUT = 1e6
"""Deviations from the training data beyond which a new sample is told of"""

log = logging.getLogger("isthmus")


@dataclass(frozen=True)
class Run(Predicting):
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
        return read_json(path, Result, "make the run again").model_dump(mode="json", exclude_unset=True)

    @property
    def test_error(self) -> float | None:
        """Error on the test data, lower is better; None where the task has no test data."""
        error: float | None = self.result["error"]
        return error

    @property
    def seconds(self) -> float:
        """Time of search, probe and training."""
        return sum(float(self.result.get(part, 0.0)) for part in ("search_s", "probe_s", "wall_s"))

    @property
    def floors(self) -> FloorComparison | None:
        """The run beside the simple predictors that were fitted to the same samples; None without them."""
        return FloorComparison.from_result(self.result)

    @cached_property
    def net(self) -> Net:
        """Trained network, in evaluation mode."""
        return load_net(self.folder / MODEL, SpecialistNet)

    @property
    def spec(self) -> Spec:
        """Description of the task."""
        return self.net.spec

    @cached_property
    def description(self) -> Description | None:
        """How the run's data was read, if it was the user's own file: names, layout, fill values, windows."""
        path = self.folder / DESCRIPTION
        return read_description(path) if path.is_file() else None

    @property
    def held_out(self) -> SavedOutputs | None:
        """Outputs for validation samples."""
        return read_validation(self.folder)

    @cached_property
    def augment(self) -> Augmentation | None:
        """What changed target samples at every step of the training."""
        path = self.folder / CHOSEN
        chosen = read_json(path, Chosen, "make the run again").settings if path.is_file() else {}
        part = chosen.get("augment", self.config.data.augment)
        if part is None:
            return None
        return augmentations[part["name"]](**{name: value for name, value in part.items() if name != "name"})

    @single_precision()
    def outputs(self, x: Any, *, augmentations: int = 0) -> torch.Tensor:
        """Compute the network's outputs [N, C', *size].

        Args:
            x: Samples like those of the task; the series of a list may differ in length.
            augmentations: Number of randomly changed copies of each sample, as the run's `augment` makes
                them, whose outputs are averaged with those of the sample itself.

        Raises:
            InputError: If they do not fit the task, an output is NaN or infinite, or the run has no
                augmentation.
        """
        copies = copier(self.augment, augmentations, self.config.seed) if augmentations else None
        dtype = np.float64 if self.net.x_mean.dtype == torch.float64 else np.float32
        inputs = prepare_inputs(x, self.net.spec.input_shape, dtype=dtype)
        device = next(self.net.parameters()).device
        parts = np.split(np.arange(len(inputs)), range(PREDICTION_BATCH, len(inputs), PREDICTION_BATCH))
        with torch.inference_mode():
            found = []
            for part in parts:
                batch = torch.from_numpy(inputs[part]).to(device)
                output = self._outputs(batch, int(part[0]))
                found.append(self._averaged(output, copies(batch)) if copies else output)
            return torch.cat(found)

    def _averaged(self, output: torch.Tensor, changed: torch.Tensor) -> torch.Tensor:
        """Return the mean of outputs [B, C', *size] and of those for changed copies [B, A, C, ...]."""
        parts = torch.split(changed.flatten(0, 1), PREDICTION_BATCH)
        copies = torch.cat([self.net(part) for part in parts])
        copies = copies.view(*changed.shape[:2], *copies.shape[1:])
        return self.kind.average(torch.cat([output[:, None], copies], 1))

    def _outputs(self, x: torch.Tensor, first: int) -> torch.Tensor:
        """Compute outputs [B, C', *size] of samples [B, C, ...], and check them.

        Args:
            x: Samples on the device of the network.
            first: Number of the first one, for messages.
        """
        output: torch.Tensor = self.net(x)
        bad = first_not_finite(output)
        if bad is not None:
            name = f"x[{first + bad}]"
            raise InputError(not_finite_message(name, x[bad]), key=name)
        distance = self.net.standardise(x).flatten(1).abs().amax(1)
        for index in (distance > FAR_OUT).nonzero().flatten().tolist():
            log.warning(
                "x[%d] lies %.1e deviations from the training data; what is predicted for it says little",
                first + index,
                distance[index],
            )
        return output

    def file_outputs(self, data: Any, *, augmentations: int = 0) -> tuple[Samples, torch.Tensor]:
        """Read the samples of a file as the run's own data was read, and compute their outputs."""
        samples = read_new_samples(data, self.description, tuple(self.spec.input_shape))
        return samples, self.outputs(samples.x, augmentations=augmentations)

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
    return path if path.is_file() else None


def check_folder(folder: Path, config: RunConfig, resume: bool) -> Path | None:
    """Check that a folder can become this run's, and find what there is to resume; write nothing.

    Args:
        folder: Run directory.
        config: Complete settings.
        resume: Whether a run that is there may be gone on with.

    Returns:
        The checkpoint to resume from; None to start at the beginning.

    Raises:
        InputError: If the folder holds another run or something else, or this run without `resume`, or a
            checkpoint that is damaged or another run's.
    """
    stored = folder / CONFIG
    begun = stored.exists()
    if begun:
        there = read_config(stored).flat()
        check_same(f"'{folder}' holds another run", there, config.flat(only_given=True))
        if not resume:
            is_finished = (folder / RESULT).exists()
            state, go_on = ("finished", "open it") if is_finished else ("unfinished", "go on with it")
            raise InputError(
                f"'{folder}' holds this run already, {state}; give resume=True to {go_on}, another folder, or"
                " remove that one to begin anew",
                kind="conflict",
                key=folder,
            )
    elif not is_unused(folder):
        raise InputError(
            f"'{folder}' is not empty and holds no run; give another folder", kind="conflict", key=folder
        )
    checkpoint = last_checkpoint(folder) if begun else None
    if checkpoint is not None:
        values = saved_config(checkpoint)
        complete = from_flat_schema if FLAT_SCHEMA_KEY in values else with_earlier_defaults
        there = make_config(complete(values)).flat()
        check_same(f"'{checkpoint}' is a checkpoint of another run", there, config.flat(only_given=True))
    return checkpoint


@contextmanager
def claimed(folder: Path, config: RunConfig, resume: bool) -> Iterator[Path | None]:
    """Keep the folder for this run while the block runs; clear away what was cut off half-way.

    Args:
        folder: Run directory.
        config: Complete settings.
        resume: Whether a run that is there may be gone on with.

    Yields:
        The checkpoint to resume from; None to start at the beginning.

    Raises:
        InputError: As `check_folder` raises it, or if another process is at work in the folder, or it cannot
            be written to.
    """
    check_folder(folder, config, resume)  # before anything is written, also a lock
    with lock_folder(folder):
        checkpoint = check_folder(folder, config, resume)
        sweep(folder)
        if not (folder / RESULT).exists():  # what is there of the model was cut off
            shutil.rmtree(folder / MODEL, ignore_errors=True)
        if not (folder / CONFIG).exists():
            write_config(config, folder / CONFIG)
        yield checkpoint


def check_same(complaint: str, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise InputError with the first setting that is not as asked for, if one is not."""
    for name, value in asked.items():
        if found.get(name) != value:
            told = f"its {name} is {found.get(name)!r}, and {value!r} was asked for"
            raise InputError(f"{complaint}: {told}; give another folder", kind="conflict", key=name)


def check_equal(complaint: str, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise InputError with the first setting that only one of the two has, or has otherwise."""
    check_same(complaint, found, asked)
    check_same(complaint, asked, found)


def check_begun(folder: Path, file: str, asked: Mapping[str, Any], what: str) -> None:
    """Check that a folder is unused, or that what was begun in it is what is asked for.

    Args:
        folder: Folder of a search or a cross-validation.
        file: Name of the YAML file in it that says what was asked for.
        asked: What is asked for now, as plain data.
        what: What the folder is for, in messages: "search".

    Raises:
        InputError: If the folder holds another one, or something else.
    """
    if (folder / file).is_file():
        check_equal(f"'{folder}' holds another {what}", read_yaml(folder / file), asked)
    elif not is_unused(folder):
        message = f"'{folder}' is not empty and holds no {what}; give another folder"
        raise InputError(message, kind="conflict", key=folder)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(
            f"'{path.parent}' is not the folder of a finished run: it has no {path.name}",
            kind="file",
            key=path.parent,
        )
    return path
