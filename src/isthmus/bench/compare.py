"""The main path of a grid: what is asked for becomes runs, and runs become tables."""

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Unpack

from isthmus.bench.check import check_contained, complete_grid
from isthmus.bench.comparison import Comparison
from isthmus.bench.display import display
from isthmus.bench.grid import GRID, make_grid
from isthmus.bench.jobs import Job, jobs
from isthmus.bench.lock import lock_folder
from isthmus.bench.presets import preset as preset_values
from isthmus.bench.records import forget_failure, is_finished, read_records
from isthmus.bench.runner import run_jobs, usual_processes
from isthmus.config import read_yaml
from isthmus.config.schema import Settings
from isthmus.errors import InputError
from isthmus.files import make_folder
from isthmus.tasks import Task

Named = str | Mapping[str, Any]
DEFAULTS: dict[str, Any] = {
    "tasks": [],
    "methods": ["scratch", "nft", "pare"],
    "backbones": ["swin-micro"],
    "seeds": 3,
    "settings": {},
}


def compare(
    tasks: Sequence[Named | Task] | None = None,
    *,
    methods: Sequence[Named] | None = None,
    backbones: Sequence[Named] | None = None,
    seeds: int | Sequence[int] | None = None,
    reference: str | None = None,
    out: str | Path | None = None,
    config: str | Path | None = None,
    preset: str | None = None,
    processes: int | None = None,
    **settings: Unpack[Settings],
) -> Comparison:
    """Fit every method on every task, with every backbone and seed, and make the tables.

    A run that failed is a row that says why. Called again with the same or a larger grid and the same
    folder, it goes on: finished runs are kept, those cut off are resumed, failed ones are tried again.

    Args:
        tasks: names, tasks of your own, or `{"name": ..., "label": ..., "settings": {...}}`.
        methods: names, or the same with the method's options; by default scratch, nft and pare.
        backbones: names, local folders or hub names; by default swin-micro.
        seeds: a list, or how many from 0; by default 3.
        reference: label of the method that the others are tested against; by default the first.
        out: folder of the grid; by default under `runs/`.
        config: YAML file of a grid, over which what is given here is laid.
        preset: a published table's methods and tasks, over which all else is laid: `table1`, 2, 4 or 5.
        processes: how many runs at a time, each on one thread; by default one for each GPU, or for each core
            where there is none.
        **settings: Settings of every run, such as `epochs=30`; a method takes those that it uses.

    Raises:
        InputError: if anything asked for is wrong, before the first run begins.
        KeyboardInterrupt: at Ctrl-C, with all that is finished kept.
    """
    if processes is not None and processes < 1:
        raise InputError(f"processes is {processes}; give 1 or more", key="processes")
    given = {task.name: task for task in tasks or () if isinstance(task, Task)}
    axes = {
        "tasks": [task.name if isinstance(task, Task) else task for task in tasks or ()] or None,
        "methods": methods,
        "backbones": backbones,
        "seeds": seeds,
        "reference": reference,
    }
    layers: list[dict[str, Any]] = [
        preset_values(preset) if preset else {},
        read_yaml(Path(config)) if config else {},
        {key: value for key, value in axes.items() if value is not None} | {"settings": settings},
    ]
    values: dict[str, Any] = reduce(_lay, layers, DEFAULTS)
    grid = complete_grid(make_grid(values), given)
    name = Path(config).stem if config else preset or "comparison"
    folder = Path(out) if out is not None else Path("runs") / name
    check_contained(folder, grid)
    with lock_folder(make_folder(folder)):
        grid.write(folder / GRID)
        _run(folder, jobs(grid), given, processes or usual_processes())
        comparison = Comparison(folder)
        comparison.write()
    return comparison


def _lay(values: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """One description of a grid over another, settings one by one."""
    settings = over.get("settings") or {}
    if not isinstance(settings, dict):
        raise InputError(
            f"the settings of a grid are {settings!r}; give keys and values, such as epochs: 5",
            key="settings",
        )
    if "methods" in over:
        values = values | {"reference": None}  # it need not be among the new ones
    return values | over | {"settings": values["settings"] | settings}


def _run(folder: Path, all_jobs: Sequence[Job], given: Mapping[str, Task], processes: int) -> None:
    """All that is not finished."""
    rest = [job for job in all_jobs if not is_finished(folder, job)]
    if not rest:
        return
    for job in rest:
        forget_failure(folder, job)
    processes = min(processes, len(rest))
    with display(folder, all_jobs, read_records(folder, all_jobs), processes) as shown:
        run_jobs(rest, folder, given, processes, shown)
