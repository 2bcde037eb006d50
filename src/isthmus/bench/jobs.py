"""The runs of a grid, one job each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from isthmus.bench.grid import BackbonePoint, Grid, MethodPoint, Point
from isthmus.config.resolve import ALWAYS_USED
from isthmus.errors import InputError
from isthmus.methods import NONE, methods


@dataclass(frozen=True)
class Job:
    """One run of a grid.

    Attributes:
        task: Label of the task.
        method: Label of the method.
        backbone: Label of the backbone.
        seed: Seed of every random draw.
        settings: Settings of the run, with its task, as `isthmus.fit` takes them.
    """

    task: str
    method: str
    backbone: str
    seed: int
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        """Path of the run's folder under `runs/`: TASK/METHOD-BACKBONE-SEED."""
        return f"{_safe(self.task)}/{_safe(self.method)}-{_safe(self.backbone)}-{self.seed}"


def jobs(grid: Grid) -> list[Job]:
    """List all runs, seeds outermost, so that a table of half of them already compares everything.

    Raises:
        InputError: If two runs would have the same folder.
    """
    made = [
        Job(task.label, method.label, backbone.label, seed, _settings(grid, task, backbone, method, seed))
        for seed in grid.seeds
        for task in grid.tasks
        for backbone, method in _systems(grid)
    ]
    by_name: dict[str, Job] = {}
    for job in made:
        other = by_name.setdefault(job.name.casefold(), job)
        if other is not job:
            raise InputError(
                f"the labels {other.task}, {other.method}, {other.backbone} and {job.task}, {job.method}, "
                f"{job.backbone} make one folder, '{job.name}'; give other labels",
                kind="conflict",
                key=job.name,
            )
    return made


def _settings(
    grid: Grid, task: Point, backbone: BackbonePoint, method: MethodPoint, seed: int
) -> dict[str, Any]:
    """Return the settings of one run; the method takes those that it uses."""
    common = grid.settings | task.settings | backbone.settings
    settings = {name: value for name, value in common.items() if _uses(method, name)} | method.settings
    if _uses(method, "backbone"):
        settings["backbone"] = backbone.name
    return settings | {"task": task.name, "method": method.part, "seed": seed}


def _systems(grid: Grid) -> Iterator[tuple[BackbonePoint, MethodPoint]]:
    """Yield every method with every backbone; a method without a backbone only once."""
    for backbone in grid.backbones:
        for method in grid.methods:
            if _uses(method, "backbone"):
                yield backbone, method
            elif backbone is grid.backbones[0]:
                yield BackbonePoint(name=NONE, label=NONE), method


def _uses(method: MethodPoint, setting: str) -> bool:
    """Return whether a method uses a setting; an unknown method is reported when the grid is checked."""
    return method.name not in methods or setting in methods[method.name].settings | ALWAYS_USED


def _safe(label: str) -> str:
    return re.sub(r"[^\w.+=]+", "-", label).strip("-.") or "-"
