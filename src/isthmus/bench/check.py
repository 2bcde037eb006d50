"""Everything that can be known to be wrong with a grid before its first run begins."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from isthmus.augmentation import augmentations
from isthmus.backbones import load_backbone
from isthmus.bench.grid import FIXED, GRID, Grid, Point, make_grid, read_grid
from isthmus.bench.jobs import jobs
from isthmus.bench.lock import LOCK
from isthmus.config import complete, make_config
from isthmus.errors import InputError
from isthmus.files import is_part
from isthmus.methods import methods
from isthmus.model import embedders
from isthmus.sources import check_source
from isthmus.tasks import Task, tasks
from isthmus.training.plan import make_part
from isthmus.training.schedules import schedules

PARTS: dict[str, Mapping[str, Any]] = {
    "embedder": embedders,
    "augment": augmentations,
    "schedule": schedules,
}

P = TypeVar("P", bound=Point)


def completed(grid: Grid, given: Mapping[str, Task]) -> Grid:
    """The grid with every option and every default that depends on no data filled in.

    Args:
        grid: as asked for.
        given: tasks that are not known by name, by theirs.

    Raises:
        InputError: if a name is unknown, an option or a setting does not fit, a backbone cannot be loaded
            (one on a hub is downloaded here), or a given task has no test data.
    """
    for task in grid.tasks:
        if task.name not in given:
            tasks[task.name]
        elif given[task.name].test is None:
            raise InputError(f"the task '{task.name}' has no test data to compare on")
    defaults = make_config({"task": "", **grid.settings}).model_dump()
    grid = grid.model_copy(
        update={
            "settings": _complete({key: value for key, value in defaults.items() if key not in FIXED}),
            "tasks": [_with_data(_with_complete(task), given) for task in grid.tasks],
            "backbones": [_with_complete(backbone) for backbone in grid.backbones],
            "methods": [
                _with_complete(m).model_copy(update=complete("method", m.part, methods[m.name]))
                for m in grid.methods
            ],
        }
    )
    for job in jobs(grid.model_copy(update={"seeds": grid.seeds[:1]})):
        config = make_config(job.words)
        make_part(config.method, methods)
        make_part(config.augment, augmentations)
        make_part(config.schedule, schedules)
        for name in config.sources:
            check_source(name)
    for backbone in grid.backbones:
        load_backbone(backbone.name)
    return make_grid(grid.model_dump(mode="json"))  # as it will be read again


def check_contained(folder: Path, grid: Grid) -> None:
    """Raise InputError unless the folder is new, or the grid in it is a part of this one."""
    stored = folder / GRID
    if not stored.exists():
        if folder.is_dir() and not all(path.name == LOCK or is_part(path) for path in folder.iterdir()):
            raise InputError(f"'{folder}' is not empty and holds no grid; give another folder")
        return
    asked = {job.name: _flat(job.words) for job in jobs(grid)}
    for job in jobs(read_grid(stored)):
        if job.name not in asked:
            raise InputError(
                f"'{folder}' holds a grid with '{job.name}', which this one lacks; give the same or a larger "
                "grid, or another folder"
            )
        for key, value in _flat(job.words).items():  # an option that is newer than the run is left out
            if key in asked[job.name] and asked[job.name][key] != value:
                raise InputError(
                    f"'{folder}' holds '{job.name}' with {key} {value!r}, and {asked[job.name][key]!r} was "
                    "asked for; give another folder, or another label"
                )


def _with_complete(point: P) -> P:
    return point.model_copy(update={"settings": _complete(point.settings)})


def _complete(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings in their own types, and every option of their parts."""
    config = make_config({"task": "", **settings}).model_dump()
    kept = {key: config[key] for key in settings}
    for what, registry in PARTS.items():
        if what in kept:
            kept[what] = complete(what, kept[what], registry[kept[what]["name"]])
    return kept


def _with_data(task: Point, given: Mapping[str, Task]) -> Point:
    """A given task's runs go on only with the data they began with."""
    if task.name not in given:
        return task
    data = {"data": given[task.name].fingerprint()}
    return task.model_copy(update={"settings": task.settings | data})


def _flat(words: Mapping[str, Any]) -> dict[str, Any]:
    """{"method": {"name": "pare"}, "epochs": 5} -> {"method.name": "pare", "epochs": 5}"""
    parts = [key for key, value in words.items() if isinstance(value, dict) and "name" in value]
    flat = {key: value for key, value in words.items() if key not in parts}
    return flat | {f"{part}.{key}": value for part in parts for key, value in words[part].items()}
