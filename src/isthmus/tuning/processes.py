"""The main path of a search: it is planned, its trials are made here or elsewhere, its results written."""

import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from isthmus.config.signature import Settings, with_settings_signature
from isthmus.errors import InputError
from isthmus.executors import Ended, Executor, Failure, make_executor
from isthmus.executors.executor import On
from isthmus.executors.local import Local
from isthmus.progress import progress
from isthmus.tasks import Task
from isthmus.tuning.results import Tuning, write_results
from isthmus.tuning.search import Search, begin_search, check_trials, plan_search, run_search
from isthmus.tuning.study import Study

log = logging.getLogger("isthmus")

ROUNDS = 2
"""Times that processes are started: the second time for trials whose process was lost in the first"""


def tune(
    task: str | Task,
    *,
    trials: int = 40,
    search: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    on: On = "local",
    processes: int = 1,
    **settings: Unpack[Settings],
) -> Tuning:
    """Search for the settings with the least validation error; test data is never looked at.

    A search that was killed goes on when it is called again, and several calls that are given the same folder
    share its trials.

    Args:
        task: Name of a task, or `Task.from_arrays(...)`.
        trials: Number of trials, of all processes together.
        search: What is searched, by the name of a setting or of an option (`method.start`): a range as text,
            `1e-5..1e-2`, a list of choices, or None for all values that the schema lists. By default what is
            usual, where `settings` leave it open.
        out: Folder of the search; by default under `runs/`.
        on: Where trials are made: `local`, this machine; `slurm` or `ray`, a cluster; or a name with options,
            `{"name": "slurm", "partition": "gpu", "time": 60}`.
        processes: Number of processes that share the trials.
        **settings: Settings that all trials have, as `isthmus.fit` takes them.

    Returns:
        Trials and best settings; `isthmus fit --config FOLDER/best.yaml` trains with them.

    Raises:
        InputError: If anything asked for is wrong, before any work is done or any file written; or if all
            trials failed.
        KeyboardInterrupt: At Ctrl-C, with everything up to the last epoch kept.
    """
    searching = search_in(on, processes)
    return searching(plan_search(task, search=search, out=out, **settings), trials)


with_settings_signature(tune)


def search_in(on: On, processes: int) -> Callable[[Search, int], Tuning]:
    """Return the function that makes the trials of a search: in this process, or in several elsewhere.

    Args:
        on: Where the processes are.
        processes: Number of processes.

    Raises:
        InputError: If there is no such place, or the number is not positive.
    """
    if processes < 1:
        raise InputError(f"processes is {processes}; give 1 or more", key="processes")
    executor = make_executor(on)
    if processes == 1 and isinstance(executor, Local):
        return run_search
    return partial(search_on, executor, processes)


def search_on(executor: Executor, processes: int, planned: Search, trials: int) -> Tuning:
    """Make the trials of a search that are not made yet in processes that share its folder.

    Args:
        executor: Where the processes are.
        processes: Number of processes.
        planned: Search before its first trial, or one that was cut off.
        trials: Number of trials, of all processes together.

    Raises:
        InputError: If all trials failed, or their number is not positive.
    """
    check_trials(trials)
    begin_search(planned)
    failures = list[Failure]()
    for _ in range(ROUNDS):
        if left := planned.study.unfinished(trials):
            failures = _round(executor, planned, trials, min(processes, left))
    for failure in failures:
        log.warning("a process of the search ended: %s", failure.reason)
    tuning = write_results(planned.study, planned.task.name, planned.settings)
    if failures and not tuning.ranked():
        raise InputError(failures[0].reason)
    return tuning


def share(shared: tuple[Search, int], number: int) -> None:
    """Take part in a search until all of its trials are made; the results are read from its folder."""
    run_search(*shared)


def _round(executor: Executor, planned: Search, trials: int, processes: int) -> list[Failure]:
    """Have processes search until none has anything left to do; return why some of them failed."""
    study = planned.study
    folder = study.folder.absolute()
    sent = replace(planned, study=Study(folder, study.space, study.seed))  # without a connection
    with (
        progress(f"tuning in {processes} processes"),
        closing(executor.run(share, (sent, trials), range(processes), folder, processes)) as events,
    ):
        return [event.failure for event in events if isinstance(event, Ended) and event.failure is not None]
