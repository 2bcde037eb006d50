"""The main path of a grid: its description is completed, its runs are made, its tables written."""

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
    "backbones": ["efficientnet-lite0"],
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
    """Train every method on every task, with every backbone and seed, and make the tables.

    A run that failed is a row that says why. Called again with the same folder and the same or a larger grid,
    it goes on: finished runs are kept, interrupted ones are resumed, failed ones are tried again.

    Args:
        tasks: Names, tasks of your own, or `{"name": ..., "label": ..., "settings": {...}}`.
        methods: Names, or the same with the method's options; by default scratch, nft and pare.
        backbones: Names, local folders or hub names; by default efficientnet-lite0.
        seeds: List of seeds, or a number of seeds, counted from 0; by default 3.
        reference: Label of the method that the others are tested against; by default the first.
        out: Folder of the grid; by default under `runs/`.
        config: YAML file of a grid; arguments replace what it says.
        preset: Published table whose methods and tasks to take: `table1`, `table2`, `table4` or `table5`; the
            file and arguments replace what it says.
        processes: Number of runs at a time, each on one thread; by default one for each GPU, or for each core
            where there is no GPU.
        **settings: Settings of every run, such as `epochs=30`; a method takes those that it uses.

    Returns:
        The runs and their tables.

    Raises:
        InputError: If anything asked for is wrong, before the first run begins.
        KeyboardInterrupt: At Ctrl-C; finished runs are kept.
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
    """Return one description of a grid with what another one says in its place; settings are merged."""
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
    """Make the runs that are not finished."""
    rest = [job for job in all_jobs if not is_finished(folder, job)]
    if not rest:
        return
    for job in rest:
        forget_failure(folder, job)
    processes = min(processes, len(rest))
    with display(folder, all_jobs, read_records(folder, all_jobs), processes) as shown:
        run_jobs(rest, folder, given, processes, shown)
