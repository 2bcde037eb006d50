"""What the tasks of PDEBench share: registration, preparation of their one file, and losses.

The metric is the published nRMSE over all points and variables of a sample. This is the metric `nrmse`, as
several variables are concatenated in one channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.errors import InputError
from isthmus.store import Array, DataSet, File, Store, Writer, noise
from isthmus.tasks.generated import RECORD, TaskEquation, check_origin, task_equations
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.losses import losses
from isthmus.tasks.pdebench.pairs import PARTS, Pairs, split
from isthmus.tasks.pdebench.parameters import check_parameters
from isthmus.tasks.problem_types import Output
from isthmus.tasks.scaling import by_channel
from isthmus.tasks.stored import make_task, stored
from isthmus.tasks.task import Split, Task

if TYPE_CHECKING:
    from torch import Tensor

DARUS = "https://darus.uni-stuttgart.de/api/access/datafile"
BENCHMARK = (
    "M. Takamoto et al. (2022), PDEBench: an extensive benchmark for scientific machine learning, NeurIPS"
)
DATA = "M. Takamoto et al. (2022), PDEBench datasets, DaRUS, doi:10.18419/darus-2986"
MAX_VALUE = 1e6
"""Bound on the absolute values of these equations' fields"""

Splits = Callable[[Store], tuple[Split, Split, Split]]
"""Prepared data -> training, validation and test samples"""


def as_stored(store: Store) -> tuple[Split, Split, Split]:
    """Return the samples in the units of the file."""
    train, validation, test = (
        Split(store.changed(f"{part}_x"), store.changed(f"{part}_y")) for part in PARTS
    )
    return train, validation, test


def register_task(
    name: str,
    about: str,
    *,
    file: File,
    pairs: Pairs,
    size: tuple[int, ...],
    samples: int,
    note: str,
    loss: str = "nrmse",
    splits: Splits = as_stored,
) -> None:
    """Register the task `pdebench/NAME` and its equation, which has the same name.

    Args:
        name: Name of the task without that of the benchmark.
        about: Description in one line: the input, and what to predict from it.
        file: Published file.
        pairs: Inputs and targets in the file.
        size: Size of a published field.
        samples: Number of samples in the published file.
        note: Description of the states that are read, in one line.
        loss: Name of a loss in `losses`.
        splits: Function from the prepared data to the samples of each part.
    """
    counts = {part: len(numbers) for part, numbers in split(samples, pairs.test_first).items()}
    full_name = f"pdebench/{name}"
    task_equations.register(full_name)(TaskEquation(name, {file.name: 1}))
    stored(
        full_name,
        about,
        "regression",
        f"{[1, *size]} -> {[1, *size]}, {counts['train']} train, {counts['test']} test",
        DataSet(
            modality="field on a line" if len(size) == 1 else "field on a grid",
            licence="CC BY 4.0",
            citation=(BENCHMARK, DATA),
            files=(file, File(RECORD, f"isthmus data generate {full_name}", 0, needed=False)),
            arrays=_arrays((None,) * len(size), counts),
            prepare=partial(prepare, pairs, file.name, name),
            mock=lambda arrays, writer, rng, count: noise(_arrays(size, counts), writer, rng, count),
            notes=(note, f"the equation can be solved here: isthmus data generate {full_name}"),
        ),
        partial(open_task, loss, splits),
        expert="fno",
    )


def prepare(pairs: Pairs, file: str, equation: str, folder: Path, writer: Writer) -> None:
    """Write the arrays of the published file, or of one that was generated in its place.

    Args:
        pairs: Inputs and targets in the file.
        file: Name of the file.
        equation: Name of the equation.
        folder: Folder of the file.
        writer: Writer of the prepared arrays.
    """
    path = folder / file
    check_parameters(path, equation, check_origin(path, equation))
    for part, numbers, x, y in pairs.read(path):
        of = f"of samples {numbers.start} to {numbers.stop - 1},"
        writer.add(f"{part}_x", x, f"{path}, input {of}")
        writer.add(f"{part}_y", y, f"{path}, target {of}")


def open_task(loss: str, splits: Splits, entry: TaskEntry, store: Store) -> Task:
    """Return the task of prepared data; its scale is that of the training targets, over all points.

    Args:
        loss: Name of a loss in `losses`.
        splits: Function from the prepared data to the samples of each part.
        entry: Registered entry of the task.
        store: Prepared data.

    Raises:
        InputError: If all targets are the same.
    """
    train, validation, test = splits(store)
    mean, std = (statistic[:1] for statistic in by_channel(train.y))
    if not std.all():
        raise InputError(
            f"'{store.folder}' has one and the same target everywhere; there is nothing to learn",
            kind="file",
            key=store.folder,
        )
    return make_task(
        entry,
        Output(1, train.y.shape[2:]),
        train,
        test,
        validation,
        y_mean=tuple(mean.tolist()),
        y_std=tuple(std.tolist()),
        loss=loss,
        metric="nrmse",
    )


@losses.register("nrmse")
def nrmse(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Compute RMSE / RMS of y, both over all channels and positions.

    The published loss is in the units of y, so the scale is not used. A target that is zero everywhere has no
    relative error: its loss is 0, and the metric leaves it out.

    Args:
        output: Prediction [B, C, *size].
        y: Target [B, C, *size]; channels beyond those of the output are left out.
        scale: Standard deviation of each target channel; not used.

    Returns:
        Loss of each sample, [B].
    """
    y = y[:, : output.shape[1]]
    norm: Tensor = y.flatten(1).norm(dim=1)
    difference: Tensor = (output - y).flatten(1).norm(dim=1)
    return difference / norm.masked_fill(norm == 0, math.inf)


@losses.register("rmse")
def rmse(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Compute the root of the mean of (output - y)^2 over channels and positions.

    The published loss is in the units of y, so the scale is not used.

    Args:
        output: Prediction [B, C, *size].
        y: Target [B, C, *size]; channels beyond those of the output are left out.
        scale: Standard deviation of each target channel; not used.

    Returns:
        Loss of each sample, [B].
    """
    difference = (output - y[:, : output.shape[1]]).flatten(1)
    loss: Tensor = difference.norm(dim=1) / difference.shape[1] ** 0.5
    return loss


def _arrays(size: tuple[int | None, ...], rows: Mapping[str, int]) -> dict[str, Array]:
    """Return the arrays `train_x`, `train_y`, `validation_x` and so on."""
    return {
        f"{part}_{side}": Array((1, *size), "float32", -MAX_VALUE, MAX_VALUE, rows[part])
        for part in PARTS
        for side in ("x", "y")
    }
