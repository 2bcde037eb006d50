"""The loop: a run for each fold, then out-of-fold predictions and the test of all folds together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import yaml

from isthmus.config.files import as_plain_data
from isthmus.config.resolve import resolve
from isthmus.config.schema import make_config
from isthmus.config.signature import Settings, with_settings_signature
from isthmus.cross_validation.fold_tasks import fold_task, labelled
from isthmus.cross_validation.outcome import write_outcome
from isthmus.cross_validation.results import DESCRIBED, RESULT, CrossValidation
from isthmus.errors import InputError
from isthmus.files import write_text
from isthmus.locks import lock_folder
from isthmus.processes import free_memory
from isthmus.progress import progress
from isthmus.tasks import Task, load_task
from isthmus.tasks.cuts import FoldPair
from isthmus.tasks.folds import fold_pairs
from isthmus.training import fit
from isthmus.training.run_folder import check_begun, default_folder


@dataclass(frozen=True, eq=False)
class Folds:
    """A cross-validation before its first run.

    Attributes:
        task: Target problem, all labelled samples but the test data as training data.
        settings: Settings of every run.
        pairs: For each fold the samples to train on and those that are held out.
        folder: Directory of the cross-validation.
    """

    task: Task
    settings: dict[str, Any]
    pairs: list[FoldPair]
    folder: Path

    def task_of(self, number: int) -> Task:
        """Return the task of a fold, counted from 0; test data of the whole is no part of it."""
        return fold_task(self.task, *self.pairs[number])

    def run_folder(self, number: int) -> Path:
        """Return the directory of a fold's run, counted from 0."""
        return CrossValidation(self.folder).run_folder(number)

    def rows(self) -> list[tuple[str, str]]:
        """Return a title and a text for each thing that there is to say of the folds."""
        sizes = [(len(train), len(held_out)) for train, held_out in self.pairs]
        trained, held = (sorted({*numbers}) for numbers in zip(*sizes, strict=True))
        how = "at random" if self.task.train.cut is None else self.task.train.cut.how
        test = (
            "no test data" if self.task.test is None else f"{len(self.task.test):,} test samples at the end"
        )
        return [
            ("folds", f"{len(sizes)} {how}: {_range(trained)} samples to train on, {_range(held)} held out"),
            ("test", test),
            ("folder", str(self.folder)),
        ]

    def described(self) -> dict[str, Any]:
        """Return what is asked for, as plain data; only a call that asks for the same goes on."""
        plain = as_plain_data(make_config({"task": self.task.name, **self.settings}))
        return {**plain, "folds": len(self.pairs), "fingerprint": self.task.fingerprint()}


def cross_validate(
    task: str | Task,
    *,
    folds: int = 5,
    out: str | Path | None = None,
    floor: bool = True,
    **settings: Unpack[Settings],
) -> CrossValidation:
    """Train once for each fold of the training data without it, and predict it; then test all together.

    A cross-validation that was cut off goes on when it is called again.

    Args:
        task: Name of a task, or `Task.from_arrays(...)`. Its test data is read once, at the end.
        folds: Number of folds. Classes keep their proportions, groups are never divided, and of data that is
            divided by time each fold trains on what came before it.
        out: Directory; by default under `runs/`.
        floor: Whether to fit simple predictors in each fold, too.
        **settings: Settings of every run, as `isthmus.fit` takes them.

    Returns:
        Errors of the folds, and the average of their networks as one predictor.

    Raises:
        InputError: If anything asked for is wrong, before any work is done or any file written.
        KeyboardInterrupt: At Ctrl-C, with everything up to the last epoch kept.
    """
    return run_folds(plan_folds(task, folds=folds, out=out, **settings), floor)


with_settings_signature(cross_validate)


def plan_folds(
    task: str | Task, *, folds: int = 5, out: str | Path | None = None, **settings: Unpack[Settings]
) -> Folds:
    """Check everything that is asked for, and write nothing.

    Args:
        task: As `cross_validate` takes it.
        folds: Number of folds.
        out: Directory; by default under `runs/`.
        **settings: Settings of every run.

    Raises:
        InputError: If anything is wrong, or the folder holds something else.
    """
    given: dict[str, Any] = dict(settings)
    known = load_task(task) if isinstance(task, str) else task
    config = make_config({"task": known.name, **given})
    if config.runtime.devices * config.runtime.nodes > 1:
        message = "a fold trains on one device; give devices=1, nodes=1, or make the folds' runs one by one"
        raise InputError(message, kind="conflict", key="devices")
    run = resolve(config, known)
    whole = labelled(known)
    pairs = fold_pairs(whole, folds, config.seed)
    given.pop("fingerprint", None)  # which is that of the whole
    default = default_folder(run.config)
    folder = Path(out) if out is not None else default.with_name(f"{default.name}-folds")
    planned = Folds(whole, given, pairs, folder)
    resolve(make_config({"task": known.name, **given}), planned.task_of(0))
    check_begun(folder, DESCRIBED, planned.described(), "cross-validation")
    return planned


def run_folds(planned: Folds, floor: bool) -> CrossValidation:
    """Make the runs of a cross-validation that are not made yet, then what is told of all of them.

    Args:
        planned: Cross-validation before its first run, or one that was cut off.
        floor: Whether to fit simple predictors in each fold, too.

    Raises:
        InputError: If a run cannot be made, or another process is at work in the folder.
    """
    found = CrossValidation(planned.folder)
    if (planned.folder / RESULT).is_file():
        return found
    with progress("cross-validation") as shown, lock_folder(planned.folder):
        write_text(planned.folder / DESCRIBED, yaml.safe_dump(planned.described(), sort_keys=False))
        for number in range(len(planned.pairs)):
            shown.title = f"fold {number + 1} of {len(planned.pairs)}"
            part, run_folder = planned.task_of(number), planned.run_folder(number)
            try:
                fit(part, out=run_folder, resume=True, floor=floor, **planned.settings)
            except InputError:
                if number == 0 and not run_folder.exists():  # what was wrong may be asked for otherwise
                    (planned.folder / DESCRIBED).unlink()
                raise
            free_memory()
        shown.enter("predicting what was held out")
        write_outcome(planned.folder, planned.task, planned.pairs)
    return found


def _range(numbers: list[int]) -> str:
    return f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
