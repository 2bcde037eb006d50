"""The runs of a grid, one job each."""

import re
from dataclasses import dataclass
from typing import Any

from isthmus.bench.grid import Grid
from isthmus.errors import InputError


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
        for backbone in grid.backbones
        for method in grid.methods
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


def _safe(label: str) -> str:
    return re.sub(r"[^\w.+=]+", "-", label).strip("-.") or "-"
