"""All floors fitted to a run's training samples, and measured on what the run is measured on."""

import logging
import math
import time
import warnings
from dataclasses import dataclass

import numpy as np
import torch

from isthmus.floors import floors
from isthmus.floors.comparison import FloorComparison, FloorErrors
from isthmus.floors.floor import Floor, count
from isthmus.floors.intervals import Interval, bootstrap_interval
from isthmus.floors.sample_errors import SampleErrors
from isthmus.methods.probe import fold_numbers, some_samples
from isthmus.model.evaluation import EvaluationBatches
from isthmus.seeding import derive_seed
from isthmus.tasks import Split, Task, problem_types

log = logging.getLogger("isthmus")

MOST_TARGETS = 2**24
"""Largest number of values of all training targets; where they are more, fewer samples are fitted to"""


@dataclass(frozen=True, eq=False)
class Measured:
    """One floor after it was fitted.

    Attributes:
        errors: Errors on the samples that the run was measured on.
        cross_validation_error: Error on training samples that were left out.
        squared_error: Mean squared error on these, of targets as numbers in units of their deviation: decides
            between floors of the same error.
        note: What was made smaller to stay within seconds.
        seconds: Time that it took.
    """

    errors: SampleErrors
    cross_validation_error: float
    squared_error: float
    note: str
    seconds: float


def compare_with_floors(
    task: Task, method: str, measured_on: str | None, measured: Split | None, run: SampleErrors, seed: int
) -> FloorComparison | None:
    """Fit every floor that takes the task, and compare a run with the best of them.

    Training samples alone decide which is the best.

    Args:
        task: Target problem, with the training samples of the run.
        method: Method of the run.
        measured_on: Which samples errors are computed on, "test" or "validation".
        measured: These samples, or None.
        run: Errors of the run on them.
        seed: Seed of the run.

    Returns:
        The comparison; None if no floor can be fitted.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="sklearn|numba|aeon|torchmetrics")  # of how they are used
        found, left_out = measure_all(task, measured, seed)
        if not found:
            return None
        best = min(found, key=lambda name: _rank(found[name]))
        errors = {name: _error(floor.errors) for name, floor in found.items()}
        error, least, draws = _error(run), errors[best], derive_seed(seed, "bootstrap")
        return FloorComparison(
            method=method,
            metric=task.metric,
            measured_on=None if measured is None else measured_on,
            samples=run.samples,
            error=error,
            interval=interval_of(run, None, draws),
            floors={
                name: FloorErrors(errors[name], floor.cross_validation_error, floor.note)
                for name, floor in found.items()
            },
            left_out=left_out,
            best=best,
            difference=None if error is None or least is None else error - least,
            difference_interval=interval_of(run, found[best].errors, draws),
            seconds={name: round(floor.seconds, 2) for name, floor in found.items()},
        )


def measure_all(task: Task, measured: Split | None, seed: int) -> tuple[dict[str, Measured], dict[str, str]]:
    """Fit all floors that take a task; return them, and why others that take it were left out."""
    found: dict[str, Measured] = {}
    left_out: dict[str, str] = {}
    for name in floors if len(task.train) > 1 else ():
        floor = floors[name]()
        if not floor.takes(task):
            continue
        train = some_samples(task.train, min(floor.most_samples(task), max(2, MOST_TARGETS // count(task))))
        reason = floor.excess(task, len(train) + (0 if measured is None else len(measured)))
        if reason is None:
            try:
                found[name] = measure(floor, task, train, measured, derive_seed(seed, name) % 2**31)
            except Exception as problem:  # the run is complete without it, and must not be lost
                log.exception("the floor '%s' failed", name)
                reason = " ".join(f"it failed: {problem}".split())
        if reason is not None:
            left_out[name] = reason
    return found, left_out


def measure(floor: Floor, task: Task, train: Split, measured: Split | None, seed: int) -> Measured:
    """Fit one floor and compute its errors."""
    began = time.monotonic()
    kind = problem_types[task.kind]()
    y = torch.from_numpy(np.asarray(train.y[np.arange(len(train))]))
    shape = (-1, *[1] * len(task.output.size))
    mean, std = (torch.tensor(values).view(shape) for values in (task.y_mean, task.y_std))
    numbers = ((kind.as_numbers(y, task.output.channels) - mean) / std).numpy()
    fold = fold_numbers(y.numpy() if kind.stratified else np.zeros(len(train), int))
    fitted = floor.fit(task, train, numbers, fold, seed)
    errors, cross_validated = SampleErrors(task), task.new_metric()
    for x, targets in EvaluationBatches(measured) if measured is not None else ():
        errors.update(torch.tensor(fitted.predict(x.numpy())).float() * std + mean, targets)
    cross_validated.update(torch.from_numpy(fitted.out_of_fold).float() * std + mean, y)
    seconds = time.monotonic() - began
    used = f"{len(train):,} of {len(task.train):,} training samples" if len(train) < len(task.train) else ""
    note = ", ".join(filter(None, (used, fitted.note)))
    squared_error = float(np.square(fitted.out_of_fold - numbers).mean())
    return Measured(errors, float(cross_validated.compute()), squared_error, note, seconds)


def interval_of(run: SampleErrors, rival: SampleErrors | None, seed: int) -> Interval | None:
    """Compute the interval of a run's error, or of its difference to that of a rival on the same samples."""
    resamples = 1000 if run.is_of_sums else 200  # other metrics are computed anew from all outputs

    def statistic(chosen: np.ndarray) -> np.ndarray:
        return run.over(chosen) if rival is None else run.over(chosen) - rival.over(chosen)

    return bootstrap_interval(statistic, run.samples, seed, resamples)


def _error(errors: SampleErrors) -> float | None:
    return float(errors.compute()) if errors.samples else None


def _rank(floor: Measured) -> tuple[float, float]:
    error = floor.cross_validation_error
    return (math.inf if math.isnan(error) else error, floor.squared_error)
