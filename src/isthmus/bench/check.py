"""Everything that can be known to be wrong with a grid before its first run begins."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from isthmus.backbones.loading import describe_backbone
from isthmus.bench.grid import GRID, Grid, Point, make_grid, read_grid
from isthmus.bench.jobs import jobs
from isthmus.config import complete_options, make_config
from isthmus.config.files import EARLIER
from isthmus.config.resolve import complete_parts, complete_settings
from isthmus.config.schema import SET_BY_GRID
from isthmus.errors import InputError
from isthmus.locks import is_unused
from isthmus.methods import methods
from isthmus.tasks import Task, tasks

P = TypeVar("P", bound=Point)


def complete_grid(grid: Grid, given: Mapping[str, Task]) -> Grid:
    """Return the grid with every option and every default that depends on no data filled in.

    Args:
        grid: Grid as it was asked for.
        given: Tasks that are not known by name, by theirs.

    Raises:
        InputError: If a name is unknown, an option or a setting does not fit, a backbone cannot be found, or
            a given task has no test data.
    """
    for task in grid.tasks:
        if task.name not in given:
            tasks[task.name]
        elif given[task.name].test is None:
            raise InputError(
                f"the task '{task.name}' has no test data to compare on", kind="missing", key=task.name
            )
    defaults = make_config({"task": "", **grid.settings}).flat()
    common = {name: value for name, value in defaults.items() if name not in (*SET_BY_GRID, "fingerprint")}
    grid = grid.model_copy(
        update={
            "settings": _complete(common),
            "tasks": [_with_fingerprint(_with_complete(task), given) for task in grid.tasks],
            "backbones": [_with_complete(backbone) for backbone in grid.backbones],
            "methods": [
                _with_complete(m).model_copy(update=complete_options("method", m.part, methods[m.name]))
                for m in grid.methods
            ],
        }
    )
    for job in jobs(grid.model_copy(update={"seeds": grid.seeds[:1]})):
        name = job.settings["task"]
        expert = given[name].expert if name in given else tasks[name].expert
        complete_settings(make_config(job.settings), expert)
    for backbone in grid.backbones:
        describe_backbone(backbone.name)
    return make_grid(grid.model_dump(mode="json"))  # as it will be read again


def check_contained(folder: Path, grid: Grid) -> None:
    """Raise InputError unless the folder is new, or the grid in it is a part of this one."""
    stored = folder / GRID
    if not stored.exists():
        if not is_unused(folder):
            raise InputError(
                f"'{folder}' is not empty and holds no grid; give another folder", kind="conflict", key=folder
            )
        return
    asked = {job.name: _flat(job.settings) for job in jobs(grid)}
    there = read_grid(stored)
    there = there.model_copy(update={"settings": EARLIER | there.settings})
    for job in jobs(there):
        if job.name not in asked:
            raise InputError(
                f"'{folder}' holds a grid with '{job.name}', which this one lacks; give the same or a larger "
                "grid, or another folder",
                kind="conflict",
                key=folder,
            )
        for key, value in _flat(job.settings).items():  # an option that is newer than the run is left out
            if key in asked[job.name] and asked[job.name][key] != value:
                raise InputError(
                    f"'{folder}' holds '{job.name}' with {key} {value!r}, and {asked[job.name][key]!r} was "
                    "asked for; give another folder, or another label",
                    kind="conflict",
                    key=key,
                )


def _with_complete(point: P) -> P:
    return point.model_copy(update={"settings": _complete(point.settings)})


def _complete(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings in their own types, with every option of their parts."""
    config = make_config({"task": "", **settings}).flat()
    return complete_parts({name: config[name] for name in settings})


def _with_fingerprint(task: Point, given: Mapping[str, Task]) -> Point:
    """Return a given task's point with the hash of its data, so that its runs go on with that data only."""
    if task.name not in given:
        return task
    fingerprint = {"fingerprint": given[task.name].fingerprint()}
    return task.model_copy(update={"settings": task.settings | fingerprint})


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"method": {"name": "pare"}, "epochs": 5} as {"method.name": "pare", "epochs": 5}."""
    parts = [key for key, value in settings.items() if isinstance(value, dict) and "name" in value]
    flat = {key: value for key, value in settings.items() if key not in parts}
    return flat | {f"{part}.{key}": value for part in parts for key, value in settings[part].items()}
