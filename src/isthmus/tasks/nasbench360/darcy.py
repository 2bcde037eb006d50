"""Darcy flow: the pressure of water in a ground of two kinds; the data set of the Fourier neural operator.

Every fifth point of a 421 x 421 grid is used. At each point, coefficient and solution are standardised by
mean and standard deviation of the training data. The loss and the metric scale output and solution back with
two further channels of y after the solution: its mean and standard deviation at each point. Predictions are
not scaled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.matlab import mat_rows
from isthmus.tasks.generated import RECORD, TaskEquation, check_origin, task_equations
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.losses import losses
from isthmus.tasks.nasbench360.common import BENCHMARK, BUCKET, IN_PART, MIRROR, PARTS, samples
from isthmus.tasks.problem_types import Output
from isthmus.tasks.stored import make_task, stored
from isthmus.tasks.task import Split, Task

if TYPE_CHECKING:
    from torch import Tensor

FILES = ("piececonst_r421_N1024_smooth1.mat", "piececonst_r421_N1024_smooth2.mat")
USED = (1000, 100)
"""Samples used of each file"""
HELD_OUT = 0.1
EVERY = 5
POINTS = 85
EPSILON = 1e-5
FIELDS = {"x": "coeff", "y": "sol"}
EQUATION = "nasbench360-darcy"


def prepare(folder: Path, writer: Writer) -> None:
    """Read `.mat` files of `coeff` and `sol`, [1024, 421, 421]: one for training, one for test."""
    for name, used in zip(FILES, USED, strict=True):
        path = folder / name
        for short, field in FIELDS.items():
            rows = np.concatenate([chunk[:, ::EVERY, ::EVERY] for chunk in mat_rows(path, field, used)])
            last = len(rows) if name == FILES[1] else len(rows) - round(HELD_OUT * len(rows))
            writer.add(f"{'test' if name == FILES[1] else 'train'}_{short}", rows[:last], f"{path}:{field}")
            writer.add(f"validation_{short}", rows[last:], f"{path}:{field}")
        check_origin(path, EQUATION)


def open_task(entry: TaskEntry, store: Store) -> Task:
    """Make the task of three input channels: the coefficient and the two coordinates of its points."""
    x_mean, x_std = _scale(store["train_x"])
    y_mean, y_std = _scale(store["train_y"])
    line = np.linspace(0, 1, POINTS, dtype=np.float32)
    grid = np.stack(np.meshgrid(line, line))

    def inputs(rows: np.ndarray) -> np.ndarray:
        return _with_planes((rows - x_mean) / x_std, grid)

    def targets(rows: np.ndarray) -> np.ndarray:
        return _with_planes((rows - y_mean) / y_std, np.stack([y_mean, y_std]))

    train, validation, test = (
        Split(store.changed(f"{part}_x", inputs), store.changed(f"{part}_y", targets)) for part in PARTS
    )
    return make_task(
        entry,
        Output(1, (POINTS, POINTS)),
        train,
        test,
        validation,
        loss="decoded-relative-l2",
        metric="decoded-relative-l2",
    )


def decoded(output: Tensor, y: Tensor) -> Tensor:
    """Scale outputs, or targets, [B, 1, H, W] to units of the solution, with y [B, 3, H, W]: [B, 1, H, W]."""
    return output * y[:, 2:3] + y[:, 1:2]


@losses.register("decoded-relative-l2")
def decoded_relative_l2(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Compute |decoded output - solution| / |solution| of each sample: [B]."""
    solution = decoded(y[:, :1], y)
    difference, solution = (decoded(output, y) - solution).flatten(1), solution.flatten(1)
    ratio: Tensor = difference.norm(dim=1) / solution.norm(dim=1)
    return ratio


def _scale(training: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean and standard deviation at each point, [H, W]."""
    std = training.std(0, ddof=1, dtype=np.float64) + EPSILON
    return training.mean(0, dtype=np.float64).astype(np.float32), std.astype(np.float32)


def _with_planes(rows: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """Append the same planes [K, H, W] to each field of [n, H, W]: float32 [n, 1 + K, H, W]."""
    repeated = np.broadcast_to(planes, (len(rows), *planes.shape))
    return np.concatenate([rows[:, None].astype(np.float32), repeated], 1)


FIELD = (POINTS, POINTS)

task_equations.register("nasbench360/darcy")(
    TaskEquation(EQUATION, dict(zip(FILES, (1, 10), strict=True)), resolution=421)
)

stored(
    "nasbench360/darcy",
    "a ground of two kinds: the pressure of the water that flows through it",
    "regression",
    "[3, 85, 85] -> [1, 85, 85], 900 train, 100 test",
    DataSet(
        modality="field on a grid",
        licence="MIT",
        citation=(
            "Z. Li et al. (2021), Fourier neural operator for parametric partial differential equations, "
            "ICLR",
            BENCHMARK,
        ),
        files=(
            *(File(name, f"{BUCKET}/{name}", 1600) for name in FILES),
            File(RECORD, "isthmus data generate nasbench360/darcy", 0, needed=False),
        ),
        arrays=samples(Array(FIELD, "float32", 0, 1e3), Array(FIELD, "float32", -1e3, 1e3), (900, 100, 100)),
        prepare=prepare,
        notes=(MIRROR, IN_PART, "the equation can be solved here: isthmus data generate nasbench360/darcy"),
    ),
    open_task,
    expert={"name": "fno", "width": 32},
)
