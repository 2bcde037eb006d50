"""The search: settings are drawn by Optuna, a run is made with each, bad ones are stopped early."""

import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import lightning as L
import optuna
import yaml
from optuna.trial import Trial, TrialState

from isthmus.config.files import as_plain_data, lay
from isthmus.config.resolve import resolve
from isthmus.config.schema import make_config
from isthmus.config.signature import Settings
from isthmus.errors import InputError
from isthmus.files import make_folder, write_text
from isthmus.locks import LOCK, wait_for_lock
from isthmus.methods import IterativeMethod
from isthmus.processes import free_memory
from isthmus.progress import progress
from isthmus.tasks import Task, load_task
from isthmus.training import fit
from isthmus.training.run_folder import CHECKPOINTS, MODEL, check_begun, default_folder
from isthmus.tuning.results import Tuning, write_results
from isthmus.tuning.space import Choices, Range, search_space
from isthmus.tuning.study import TRIALS, Study, told_of_database, values_of

log = logging.getLogger("isthmus")

NOT_SEARCHED = {"devices", "fingerprint", "nodes", "seed", "validation"}
"""Settings that a validation error cannot choose: they change what it is measured on, or nothing"""

SEARCH = "search.yaml"
"""File of a search's folder that says what is searched; only a call that asks for the same goes on with it"""


@dataclass(frozen=True)
class Search:
    """A search before its first trial.

    Attributes:
        task: Target problem, without its test data.
        settings: Settings that all trials have.
        study: Trials, and what is searched.
    """

    task: Task
    settings: dict[str, Any]
    study: Study

    def rows(self) -> list[tuple[str, str]]:
        """Return a title and a text for each thing that is searched."""
        return [(name, str(values)) for name, values in self.study.space.items()]


def plan_search(
    task: str | Task,
    *,
    search: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    **settings: Unpack[Settings],
) -> Search:
    """Check everything that is asked for, and write nothing.

    Args:
        task: As `tune` takes it.
        search: As `tune` takes it.
        out: As `tune` takes it.
        **settings: Settings that all trials have.

    Raises:
        InputError: If anything is wrong; also for values at the ends of a range that do not fit.
    """
    whole = load_task(task) if isinstance(task, str) else task
    blind = without_test(whole)
    given: dict[str, Any] = dict(settings)
    config = make_config({"task": blind.name, **given})
    if config.runtime.devices * config.runtime.nodes > 1:
        message = (
            "a trial trains on one device; start `isthmus tune` several times with the same folder instead"
        )
        raise InputError(message, kind="conflict", key="devices")
    run = resolve(config, blind)
    if run.validation is None:
        message = (
            "a search goes by validation error, and there is no validation data for it; give validation=0.2"
        )
        raise InputError(message, kind="conflict", key="validation")
    space = search_space(search, given, run.method.settings)
    if search is None and "batch_size" in space:
        space["batch_size"] = _fitting(space["batch_size"], len(run.train))
    for name, searched in space.items():
        if name in NOT_SEARCHED:
            raise InputError(f"'{name}' is not searched; give it as a setting", kind="conflict", key=name)
        for value in searched.ends():
            resolve(make_config({"task": blind.name, **lay(given, {name: value})}), blind)
    default = default_folder(run.config)
    folder = Path(out) if out is not None else default.with_name(f"{default.name}-tune")
    check_begun(folder, SEARCH, _described(blind, given, space), "search")
    return Search(blind, given, Study(folder, space, config.seed))


def run_search(planned: Search, trials: int) -> Tuning:
    """Make the trials of a search that are not made yet, together with whoever else searches in its folder.

    Args:
        planned: Search before its first trial, or one that was cut off.
        trials: Number of trials, of all processes together.

    Raises:
        InputError: If all trials failed, or their number is not positive; or if what is written does not fit.
    """
    check_trials(trials)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    begin_search(planned)
    error = None
    with progress("tuning") as shown, told_of_database(planned.study.folder):
        while True:
            with planned.study.next_trial(trials) as trial:
                if trial is None:
                    break
                shown.title = f"trial {trial.number + 1} of {trials}"
                error = run_trial(planned, trial) or error
            write_results(planned.study, planned.task.name, planned.settings)
        tuning = write_results(planned.study, planned.task.name, planned.settings)
    if error is not None and not tuning.ranked():
        raise error
    return tuning


def without_test(task: Task) -> Task:
    """Return a task without its test data, also after missing values are filled in."""
    filled = task.filled_from
    return replace(task, test=None, filled_from=filled and partial(_filled_without_test, filled))


def _filled_without_test(filled: Callable[[Any], Task], numbers: Any) -> Task:
    return without_test(filled(numbers))


def _fitting(sizes: Range | Choices, samples: int) -> Choices:
    """Return the batch sizes that the training samples suffice for, or all of them as one batch."""
    return Choices(tuple(size for size in sizes.ends() if size <= samples) or (samples,))


def run_trial(planned: Search, trial: Trial) -> InputError | None:
    """Make the run of a trial, or go on with it, and tell the study; return the error of one that failed."""
    study, folder = trial.study, planned.study.run_folder(trial.number)
    settings = lay(planned.settings, values_of(trial, planned.study.space))
    config = make_config({"task": planned.task.name, **settings})
    by_steps = isinstance(resolve(config, planned.task).method, IterativeMethod)
    callbacks = [Pruning(trial)] if by_steps else []
    failure = None
    try:
        run = fit(planned.task, out=folder, resume=True, floor=False, callbacks=callbacks, **settings)
        state, value = TrialState.COMPLETE, run.result["validation_error"]
    except optuna.TrialPruned:
        state, value = TrialState.PRUNED, None
    except InputError as error:
        if error.kind == "file":  # such as a full disk, which is nothing that other settings would cure
            raise
        log.warning("trial %d failed: %s", trial.number, error)
        state, value, failure = TrialState.FAIL, None, error
    for part in (MODEL, CHECKPOINTS):  # weights are made again by `isthmus fit`, with the best settings
        shutil.rmtree(folder / part, ignore_errors=True)
    study.tell(trial, value, state)
    free_memory()
    return failure


class Pruning(L.Callback):
    """Tell a trial its validation error after every epoch, and end it where Optuna sees no use in it.

    Args:
        trial: Trial of the run.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Report the error, and raise TrialPruned if it is worse than the median."""
        self.trial.report(float(trainer.callback_metrics["val_error"]), trainer.current_epoch + 1)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def _described(task: Task, settings: Mapping[str, Any], space: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a search is of, as plain data."""
    plain = as_plain_data(make_config({"task": task.name, **settings}))
    searched = {name: str(values) for name, values in space.items()}
    return {**plain, "search": searched, "fingerprint": task.fingerprint()}


def check_trials(trials: int) -> None:
    """Raise InputError unless a number of trials is positive."""
    if trials < 1:
        raise InputError(f"trials is {trials}; give 1 or more", key="trials")


def begin_search(planned: Search) -> None:
    """Write what is searched, if this process is the first."""
    folder, described = planned.study.folder, _described(planned.task, planned.settings, planned.study.space)
    with wait_for_lock(folder / LOCK, f"'{folder}'"):
        if not (folder / SEARCH).is_file():
            write_text(folder / SEARCH, yaml.safe_dump(described, sort_keys=False))
        check_begun(folder, SEARCH, described, "search")
    make_folder(folder / TRIALS)  # last: a folder that holds it is that of a search
