"""What a run keeps so that it can be looked at without its data: test outputs and a few samples."""

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.files import atomic_write, check_path, write_text
from isthmus.seeding import numpy_generator
from isthmus.store.arrays import evenly_spaced
from isthmus.tasks import Split, Task
from isthmus.training.forms import Summary
from isthmus.training.repeats import count_repeats, digests
from isthmus.training.summary import summarise

DATA, PREDICTIONS, SAMPLES = "data.json", "predictions.npz", "samples.npz"
VALIDATION = "validation.npz"

PREDICTION_BYTES = 16 * 2**20
SAMPLE_BYTES, SAMPLE_COUNT = 8 * 2**20, 120
WORST_BYTES, WORST_COUNT = 4 * 2**20, 12


@dataclass(frozen=True, eq=False)
class SavedOutputs:
    """Outputs of a trained network for samples that it was not trained on: test or validation samples.

    Attributes:
        index: Numbers of the samples in their data, [N]: all, or evenly spaced ones of large data.
        output: Outputs in the target's units (logits for classes), [N, channels, *size]: float32, or float64
            where that would lose what varies.
        y: Targets as the task stores them, [N, ...].
    """

    index: np.ndarray
    output: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, eq=False)
class SavedSamples:
    """A few samples of a run, as in `samples.npz`.

    Attributes:
        x: Training samples, as many of each class as there are, [N, C, ...].
        y: Their targets, [N, ...].
        worst_x: Test samples with the greatest loss, the greatest first, [M, C, ...].
        worst_index: Their numbers in the test data, [M].
    """

    x: np.ndarray
    y: np.ndarray
    worst_x: np.ndarray
    worst_index: np.ndarray


Saved = TypeVar("Saved", SavedOutputs, SavedSamples)


class OutputCollector:
    """Collect outputs, and the samples with the greatest loss, batch by batch while a split is evaluated.

    So test data is read once, however much of it is kept.

    Args:
        task: Task of the split.
        split: Samples and targets.
    """

    def __init__(self, task: Task, split: Split) -> None:
        numbers = task.output.channels * math.prod(task.output.size) + math.prod(split.y.shape[1:])
        self.task, self.seen = task, 0
        self.index = evenly_spaced(len(split), PREDICTION_BYTES // (4 * numbers))
        self.parts: list[tuple[Tensor, Tensor]] = []
        self.worst_count = _affordable(split, WORST_BYTES, WORST_COUNT)
        self.worst: list[tuple[float, int, np.ndarray]] = []
        self.digests: list[bytes] = []

    def add(self, x: Tensor, output: Tensor, y: Tensor) -> None:
        """Keep what is wanted of the next batch: x [B, C, ...], outputs [B, channels, *size], y [B, ...]."""
        self.digests += digests(x.numpy())
        index = self.index[(self.index >= self.seen) & (self.index < self.seen + len(y))]
        seen, self.seen = self.seen, self.seen + len(y)
        wide = output if output.dtype == torch.float64 else output.float()
        x, output, y = (part[index - seen] for part in (x, wide, y))
        self.parts.append((output, y))
        losses = self.task.sample_losses(output, y).tolist()
        found = [*self.worst, *zip(losses, index.tolist(), x.numpy(), strict=True)]
        self.worst = sorted(found, key=lambda sample: -sample[0])[: self.worst_count]

    def predictions(self) -> SavedOutputs:
        """Return the outputs that were kept."""
        outputs, targets = zip(*self.parts, strict=True)
        return SavedOutputs(self.index, torch.cat(outputs).numpy(), torch.cat(targets).numpy())


def keep(
    folder: Path,
    task: Task,
    splits: Mapping[str, Split | None],
    outputs: OutputCollector | None,
    validation: OutputCollector | None = None,
) -> None:
    """Write `data.json`, `samples.npz`, `predictions.npz` and `validation.npz`.

    Args:
        folder: Run directory.
        task: Task of the run.
        splits: Splits that the run used: train, validation, test.
        outputs: Outputs for the test samples, or None without test data.
        validation: Outputs for the validation samples, or None without them.
    """
    train = splits["train"]
    assert train is not None
    summary = summarise(task, splits)
    if validation is not None:
        summary["splits"]["validation"]["repeated"] = count_repeats(train, validation.digests)
        write_arrays(folder / VALIDATION, asdict(validation.predictions()))
    if outputs is not None:
        summary["splits"]["test"]["repeated"] = count_repeats(train, outputs.digests)
    write_text(folder / DATA, json.dumps(summary, indent=1) + "\n")
    chosen = some_of_each(train, _affordable(train, SAMPLE_BYTES, SAMPLE_COUNT), task.stratified)
    samples, worst = train.take(chosen), [] if outputs is None else outputs.worst
    worst_x = np.stack([x for _, _, x in worst]) if worst else samples.x[:0]
    worst_index = np.array([number for _, number, _ in worst], dtype=np.int64)
    write_arrays(folder / SAMPLES, asdict(SavedSamples(samples.x, samples.y, worst_x, worst_index)))
    if outputs is not None:
        write_arrays(folder / PREDICTIONS, asdict(outputs.predictions()))


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Read what the data of a run was; None where the run kept nothing of it, as earlier versions did."""
    path = folder / DATA
    if not path.is_file():
        return None
    return read_json(path, Summary, "remove it to go without").model_dump(mode="json", exclude_unset=True)


def read_predictions(folder: Path) -> SavedOutputs | None:
    """Read the outputs for test samples; None where a run kept none."""
    return _read(folder / PREDICTIONS, SavedOutputs)


def read_validation(folder: Path) -> SavedOutputs | None:
    """Read the outputs for validation samples; None where a run kept none, as earlier versions did."""
    return _read(folder / VALIDATION, SavedOutputs)


def read_samples(folder: Path) -> SavedSamples | None:
    """Read the samples of a run; None where it kept none."""
    return _read(folder / SAMPLES, SavedSamples)


def some_of_each(split: Split, count: int, stratified: bool) -> np.ndarray:
    """Choose samples at random, where y is a class as many of each as can be; sorted indices [count]."""
    order = numpy_generator(0, "kept samples").permutation(len(split))
    if stratified:
        classes = np.asarray(split.y[np.arange(len(split))])[order]
        turn = np.zeros(len(order), dtype=np.int64)  # how many of the same class come before
        for label in np.unique(classes):
            turn[classes == label] = np.arange((classes == label).sum())
        order = order[np.argsort(turn, kind="stable")]
    return np.sort(order[:count])


def _affordable(split: Split, most_bytes: int, most: int) -> int:
    """Return how many samples are kept: `most`, or as many as fit into a number of bytes, at least one."""
    return max(1, min(most, most_bytes // (4 * math.prod(split.x.shape[1:]))))


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays, whole or not at all."""
    with atomic_write(path) as part:
        np.savez_compressed(part, **arrays)  # type: ignore[arg-type]


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read arrays that `write_arrays` wrote.

    Raises:
        InputError: If the file is missing or damaged.
    """
    check_path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        raise InputError(f"'{path}' is damaged; remove it to go without", kind="file", key=path) from None


def _read(path: Path, kind: type[Saved]) -> Saved | None:
    """Read what a file of arrays holds; None where there is no such file."""
    if not path.is_file():
        return None
    arrays = read_arrays(path)
    names = [field.name for field in fields(kind)]
    if not arrays.keys() >= set(names):
        raise InputError(f"'{path}' is damaged; remove it to go without", kind="file", key=path)
    return kind(**{name: arrays[name] for name in names})
