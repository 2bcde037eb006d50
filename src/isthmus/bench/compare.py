"""The main path of a grid: its description is completed, its runs are made, its tables written."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Unpack

from isthmus.bench.check import check_contained, complete_grid
from isthmus.bench.comparison import Comparison
from isthmus.bench.display import display
from isthmus.bench.grid import GRID, Grid, make_grid
from isthmus.bench.jobs import jobs
from isthmus.bench.own_data import read_descriptions, write_descriptions
from isthmus.bench.presets import preset as preset_values
from isthmus.bench.records import forget_failure, is_finished, read_records, write_failure
from isthmus.bench.worker import Workplace, make_run
from isthmus.config import read_yaml
from isthmus.config.signature import Settings
from isthmus.errors import InputError
from isthmus.executors import Begun, Executor, make_executor
from isthmus.executors.executor import On
from isthmus.files import sweep
from isthmus.locks import lock_folder
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
    on: On = "local",
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
            where there is no GPU; on a cluster, as many as it lets begin.
        on: Where runs are made: `local`, this machine; `slurm` or `ray`, a cluster; or a name with options,
            `{"name": "slurm", "partition": "gpu", "time": 60}`.
        **settings: Settings of every run, such as `epochs=30`; a method takes those that it uses.

    Returns:
        The runs and their tables.

    Raises:
        InputError: If anything asked for is wrong, before the first run begins.
        KeyboardInterrupt: At Ctrl-C; finished runs are kept.
    """
    if processes is not None and processes < 1:
        raise InputError(f"processes is {processes}; give 1 or more", key="processes")
    axes: dict[str, Any] = {
        "methods": methods,
        "backbones": backbones,
        "seeds": seeds,
        "reference": reference,
    }
    executor = make_executor(on)
    planned = plan_grid(tasks, out=out, config=config, preset=preset, **axes, **settings)
    with lock_folder(planned.folder):
        sweep(planned.folder, spared=planned.folder / "runs")  # jobs of a cluster may still be at work there
        planned.grid.write(planned.folder / GRID)
        write_descriptions(planned.folder, planned.given)
        _run(planned, executor, processes or executor.usual_processes())
        comparison = Comparison(planned.folder)
        comparison.write()
    return comparison


@dataclass(frozen=True, eq=False)
class GridPlan:
    """A grid before its first run begins.

    Attributes:
        grid: Complete description.
        folder: Folder of the grid.
        given: Tasks that are not known by name, by their names.
    """

    grid: Grid
    folder: Path
    given: dict[str, Task]

    def rows(self) -> list[tuple[str, str]]:
        """Return a title and a text for each thing that there is to say of what will run."""
        runs = jobs(self.grid)
        finished = sum(is_finished(self.folder, job) for job in runs)
        return [
            ("tasks", ", ".join(task.label for task in self.grid.tasks)),
            ("methods", ", ".join(method.label for method in self.grid.methods)),
            ("backbones", ", ".join(backbone.label for backbone in self.grid.backbones)),
            ("seeds", ", ".join(map(str, self.grid.seeds))),
            ("runs", f"{len(runs)}, of which {finished} are finished"),
            ("folder", str(self.folder)),
        ]


def plan_grid(
    tasks: Sequence[Named | Task] | None = None,
    *,
    methods: Sequence[Named] | None = None,
    backbones: Sequence[Named] | None = None,
    seeds: int | Sequence[int] | None = None,
    reference: str | None = None,
    out: str | Path | None = None,
    config: str | Path | None = None,
    preset: str | None = None,
    **settings: Unpack[Settings],
) -> GridPlan:
    """Complete the description of a grid and check it; write nothing.

    A grid whose folder is given, and nothing that names tasks, is the one in that folder. Data of the user's
    own that it was made with is read again.

    Args:
        tasks: As `compare` takes them, like all others.
        methods: Methods.
        backbones: Backbones.
        seeds: Seeds.
        reference: Label of the method that the others are tested against.
        out: Folder of the grid.
        config: YAML file of a grid.
        preset: Published table.
        **settings: Settings of every run.

    Raises:
        InputError: If anything asked for is wrong.
    """
    if out is not None and not (tasks or config or preset) and (Path(out) / GRID).is_file():
        config = Path(out) / GRID
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
    grid = make_grid(values)
    name = Path(config).stem if config else preset or "comparison"
    folder = Path(out) if out is not None else Path("runs") / name
    for place in (folder, *([Path(config).parent] if config else [])):
        given |= read_descriptions(place, [task.name for task in grid.tasks if task.name not in given])
    grid = complete_grid(grid, given)
    check_contained(folder, grid)
    return GridPlan(grid, folder, given)


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


def _run(planned: GridPlan, executor: Executor, processes: int | None) -> None:
    """Make the runs that are not finished; a failed one is recorded, and the others go on."""
    folder, every = planned.folder, jobs(planned.grid)
    rest = [job for job in every if not is_finished(folder, job)]
    if not rest:
        return
    for job in rest:
        forget_failure(folder, job)
    processes = processes and min(processes, len(rest))
    place = Workplace(folder.absolute(), planned.given)
    with (
        display(folder, every, read_records(folder, every), processes) as shown,
        closing(executor.run(make_run, place, rest, folder.absolute(), processes)) as events,
    ):
        for event in events:
            job = rest[event.number]
            if isinstance(event, Begun):
                shown.begun(job)
                continue
            if event.failure is not None:
                write_failure(folder, job, event.failure)
            shown.ended(job)
