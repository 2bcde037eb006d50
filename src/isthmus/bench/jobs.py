"""The runs of a grid, one job each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from isthmus.bench.grid import BackbonePoint, Grid, MethodPoint
from isthmus.errors import InputError
from isthmus.methods import NONE, methods
from isthmus.methods.cross_modal import CrossModal


@dataclass(frozen=True)
class Job:
    """One run of a grid.

    Attributes:
        task, method, backbone: their labels.
        seed: of every random draw.
        words: what `isthmus.fit` is called with, but for the folder.
    """

    task: str
    method: str
    backbone: str
    seed: int
    words: dict[str, Any]

    @property
    def name(self) -> str:
        """TASK/METHOD-BACKBONE-SEED, safe as a path."""
        return f"{_safe(self.task)}/{_safe(self.method)}-{_safe(self.backbone)}-{self.seed}"


def jobs(grid: Grid) -> list[Job]:
    """All runs, seeds outermost, so that a table of half of them already compares everything.

    Raises:
        InputError: if two would have the same folder.
    """
    made = [
        Job(
            task.label,
            method.label,
            backbone.label,
            seed,
            grid.settings
            | task.settings
            | backbone.settings
            | method.settings
            | {"task": task.name, "method": method.part, "backbone": backbone.name, "seed": seed},
        )
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
                f"{job.backbone} make one folder, '{job.name}'; give other labels"
            )
    return made


def _systems(grid: Grid) -> Iterator[tuple[BackbonePoint, MethodPoint]]:
    """Every method with every backbone; one that has no use for a backbone, once."""
    for backbone in grid.backbones:
        for method in grid.methods:
            alone = method.name in methods and not issubclass(methods[method.name], CrossModal)
            if not alone:
                yield backbone, method
            elif backbone is grid.backbones[0]:
                yield BackbonePoint(name=NONE, label=NONE), method


def _safe(label: str) -> str:
    return re.sub(r"[^\w.+=]+", "-", label).strip("-.") or "-"
