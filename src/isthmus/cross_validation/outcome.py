"""What comes of the folds: out-of-fold predictions, errors, and the test of all networks together."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from isthmus.config.resolve import ResolvedRun, resolve
from isthmus.cross_validation.fold_tasks import fold_task
from isthmus.cross_validation.results import OUTPUTS, RESULT, TABLE, CrossValidation
from isthmus.files import write_text
from isthmus.model.evaluation import EvaluationBatches, evaluate, on_device
from isthmus.precision import single_precision
from isthmus.tasks import Task, problem_types
from isthmus.tasks.cuts import FoldPair
from isthmus.tasks.predictions import Predictions, target_names, write_predictions
from isthmus.training import Run
from isthmus.training.kept import SavedOutputs, write_arrays

MOST_CELLS = 2**22
"""Numbers in the table of predictions; of larger outputs there are the arrays alone"""


class Fold(NamedTuple):
    """A fold after its run: the run, what it was made from, and outputs [N, C', *size] for held-out data."""

    run: Run
    resolved: ResolvedRun
    outputs: Tensor


@single_precision()
def write_outcome(folder: Path, task: Task, pairs: list[FoldPair]) -> None:
    """Predict what each fold has held out, test all networks together, and write what came of it.

    Args:
        folder: Directory of the cross-validation, with a finished run for each fold.
        task: Target problem, all labelled samples but the test data as training data.
        pairs: For each fold the samples to train on and those that are held out.
    """
    folds = [
        _predicted(Run(CrossValidation(folder).run_folder(number)), fold_task(task, *pair))
        for number, pair in enumerate(pairs)
    ]
    held_out = np.concatenate([held for _, held in pairs])
    order = np.argsort(held_out, kind="stable")
    index, output = held_out[order], torch.cat([fold.outputs for fold in folds])[torch.from_numpy(order)]
    y = np.asarray(task.train.y[index])
    fold_of = np.repeat(np.arange(1, len(pairs) + 1), [len(held) for _, held in pairs])[order]
    write_arrays(folder / OUTPUTS, asdict(SavedOutputs(index, output.numpy(), y)))
    if output.numel() <= MOST_CELLS:
        write_predictions(folder / TABLE, _table(task, folds[0], index, fold_of, output, y))
    metric = task.new_metric()
    metric.update(output, torch.from_numpy(y))
    result = {
        "task": task.name,
        "method": folds[0].run.result["method"],
        "metric": task.metric,
        **_errors(folds, pairs),
        "error": float(metric.compute()),
        "test_error": _test_error(task, folds),
        "test_samples": 0 if task.test is None else len(task.test),
    }
    write_text(folder / RESULT, json.dumps(result, indent=2) + "\n")


def _predicted(run: Run, task: Task) -> Fold:
    """Compute the outputs of a fold's network for what it has held out, whose gaps are filled in its way."""
    resolved = resolve(run.config, task)
    assert resolved.task.test is not None
    outputs: list[Tensor] = []
    with on_device(run.net):
        evaluate(run.net, resolved.task, resolved.task.test, each=lambda x, output, y: outputs.append(output))
    return Fold(run, resolved, torch.cat(outputs))


def _errors(folds: list[Fold], pairs: list[FoldPair]) -> dict[str, Any]:
    """Return the error of each fold, beside that of its best simple predictor, with mean and deviation."""
    rows = []
    for fold, (_, held_out) in zip(folds, pairs, strict=True):
        floors = fold.run.floors
        rows.append(
            {
                "samples": len(held_out),
                "error": fold.run.test_error,
                "floor": None if floors is None else floors.best,
                "floor_error": None if floors is None else floors.floors[floors.best].error,
            }
        )
    errors = np.array([row["error"] for row in rows], dtype=np.float64)
    return {"folds": rows, "mean": float(errors.mean()), "std": float(errors.std(ddof=1))}


def _test_error(task: Task, folds: list[Fold]) -> float | None:
    """Compute the error of the averaged networks on the test data, which is read here and nowhere else."""
    if task.test is None:
        return None
    kind, metric = problem_types[task.kind](), task.new_metric()
    with ExitStack() as stack:
        for fold in folds:
            stack.enter_context(on_device(fold.run.net))
        for y, outputs in _test_batches(task, folds):
            metric.update(kind.average(torch.stack(outputs, 1)), y)
    return float(metric.compute())


@torch.inference_mode()
def _test_batches(task: Task, folds: list[Fold]) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Yield the targets of each batch of the test data, and the outputs of every network."""
    fill = task.filled_from
    splits = [
        task.test if fill is None else fill(np.asarray(fold.resolved.train.numbers)).test for fold in folds
    ]
    for batches in zip(*(EvaluationBatches(split) for split in splits if split is not None), strict=True):
        outputs = []
        for fold, (x, _) in zip(folds, batches, strict=True):
            device = next(fold.run.net.parameters()).device
            outputs.append(fold.run.net(x.to(device)).cpu())
        yield batches[0][1], outputs


def _table(
    task: Task, fold: Fold, index: np.ndarray, fold_of: np.ndarray, output: Tensor, y: np.ndarray
) -> Predictions:
    """Return out-of-fold predictions with names of the samples, the fold, and what is true."""
    description = fold.run.description
    targets = target_names(description, task.output.channels if not task.classes else 1)
    kind = problem_types[task.kind]()
    true: Mapping[str, np.ndarray] = {}
    if not task.output.size:
        values = kind.true_values(y, task.output.channels, task.classes).reshape(len(y), -1).T
        names = targets if len(targets) == len(values) else [f"{targets[0]}[{i}]" for i in range(len(values))]
        true = {f"true_{name}": column for name, column in zip(names, values, strict=True)}
    return Predictions(
        ids={**_ids(task, index), "fold": fold_of, **true},
        targets=targets,
        values=kind.decode(output, task.classes),
        classes=task.classes,
        probabilities=kind.probabilities(output) if task.classes else None,
    )


def _ids(task: Task, index: np.ndarray) -> dict[str, np.ndarray]:
    """Return the names of the samples, or their numbers in the training data."""
    ids = {} if task.origin is None else task.origin.ids
    if not ids:
        return {"sample": index}
    named = index < len(next(iter(ids.values())))  # validation data of a file has no names
    return {
        name: np.where(named, np.asarray(values)[np.where(named, index, 0)], "")
        for name, values in ids.items()
    }
