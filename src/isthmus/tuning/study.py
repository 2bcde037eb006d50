"""A study of Optuna in a folder, shared by all processes that search: who makes which trial."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from isthmus.config.plain_text import parse_yaml
from isthmus.errors import InputError
from isthmus.locks import wait_for_lock
from isthmus.seeding import derive_seed
from isthmus.tuning.space import Choices, Range, Space, written

try:
    import optuna
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
    from optuna.exceptions import StorageInternalError
    from optuna.trial import FrozenTrial, Trial, TrialState
    from sqlalchemy.exc import SQLAlchemyError
except ImportError:
    raise InputError(
        "a search needs the package optuna: pip install isthmus[tune]", kind="dependency", key="optuna"
    ) from None

DATABASE, TRIALS = "study.db", "trials"
NAME = "isthmus"
STARTUP_TRIALS, WARMUP_EPOCHS = 5, 1
"""Trials that run to their end, and epochs of every trial, before the median prunes"""


@dataclass(frozen=True)
class Study:
    """Trials of a search, in the database of a folder.

    Args:
        folder: Folder of the search.
        space: What is searched.
        seed: Seed of the search.
    """

    folder: Path
    space: Space
    seed: int

    @contextmanager
    def next_trial(self, count: int) -> Iterator[Trial | None]:
        """Hold a trial that no living process is at, as long as the block runs; None when all are done.

        It is one that a killed process left behind, or a new one while there are fewer than `count`. The
        operating system releases the locks of a process that is killed.
        """
        with wait_for_lock(self.folder / "study.lock", f"'{self.folder}'"):
            trial, lock = self._claim(count)
        try:
            yield trial
        finally:
            if lock is not None:
                _release(lock)

    def _claim(self, count: int) -> tuple[Trial | None, FileLock | None]:
        study = self.optuna
        trials = study.get_trials(deepcopy=False)
        for frozen in trials:
            if frozen.state == TrialState.RUNNING and (lock := self._lock(frozen.number)) is not None:
                if study.get_trials(deepcopy=False)[frozen.number].state.is_finished():  # since then
                    _release(lock)
                    continue
                trial = Trial(study, frozen._trial_id)
                for name, distribution in distributions(self.space).items():
                    trial._suggest(name, distribution)  # which a process that was killed may not have come to
                return trial, lock
        if all(frozen.state != TrialState.WAITING for frozen in trials):
            if len(trials) >= count:
                return None, None
            study.enqueue_trial(self._draw(trials))  # at once, so that a process killed here changes nothing
        trial = study.ask(distributions(self.space))
        return trial, self._lock(trial.number)

    def _draw(self, trials: Sequence[FrozenTrial]) -> dict[str, Any]:
        """Return the values of the next trial, drawn in view of the trials that have ended."""
        # A seed for each trial: processes that begin at the same time must not draw the same.
        sampler = optuna.samplers.TPESampler(seed=derive_seed(self.seed, len(trials), "tune") % 2**32)
        ended = optuna.create_study(sampler=sampler, direction="minimize")
        ended.add_trials([trial for trial in trials if trial.state.is_finished()])
        return ended.ask(distributions(self.space)).params

    def _lock(self, number: int) -> FileLock | None:
        """Return the lock of a trial, which is held from now on; None if another process holds it."""
        lock = FileLock(self.run_folder(number).with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock

    def unfinished(self, count: int) -> int:
        """Return how many of `count` trials are not made yet, or were left behind by a process that ended."""
        trials = self.optuna.get_trials(deepcopy=False)
        begun = sum(not trial.state.is_finished() for trial in trials)
        return max(0, count - len(trials)) + begun

    def run_folder(self, number: int) -> Path:
        """Return the run folder of a trial."""
        return self.folder / TRIALS / f"{number:04d}"

    @cached_property
    def optuna(self) -> optuna.Study:
        """The study of Optuna, made where there is none yet."""
        address = f"sqlite:///{(self.folder / DATABASE).absolute().as_posix()}"
        storage = optuna.storages.RDBStorage(address, engine_kwargs={"connect_args": {"timeout": 60}})
        pruner = optuna.pruners.MedianPruner(
            n_startup_trials=STARTUP_TRIALS, n_warmup_steps=WARMUP_EPOCHS + 1
        )
        return optuna.create_study(
            storage=storage, pruner=pruner, study_name=NAME, direction="minimize", load_if_exists=True
        )


def _release(lock: FileLock) -> None:
    """Let go of the lock of a trial, and remove its file."""
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


@contextmanager
def told_of_database(folder: Path) -> Iterator[None]:
    """Turn an error of the database of a search, such as a full disk, into one line.

    Args:
        folder: Folder of the search.

    Raises:
        InputError: If the database cannot be written or read.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        cause = error if isinstance(error, SQLAlchemyError) else error.__cause__
        reason = getattr(cause, "orig", None) or cause or error
        raise InputError(
            f"'{folder / DATABASE}' cannot be used: {reason}; make room, or give another place",
            kind="file",
            key=folder / DATABASE,
        ) from None


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Return what is searched in Optuna's terms; choices are text, as Optuna keeps no lists."""
    return {name: _distribution(searched) for name, searched in space.items()}


def _distribution(searched: Range | Choices) -> BaseDistribution:
    if isinstance(searched, Choices):
        return CategoricalDistribution([written(value) for value in searched.values])
    if isinstance(searched.low, int) and isinstance(searched.high, int):
        return IntDistribution(searched.low, searched.high, log=searched.is_logarithmic)
    return FloatDistribution(searched.low, searched.high, log=searched.is_logarithmic)


def values_of(trial: Trial | FrozenTrial, space: Space) -> dict[str, Any]:
    """Return the settings and options of a trial, by name; without those that another process still draws."""
    found: Mapping[str, Any] = trial.params
    return {
        name: parse_yaml(found[name]) if isinstance(searched, Choices) else found[name]
        for name, searched in space.items()
        if name in found
    }
