"""Tiny tasks, grids made by hand, and workers that are forked: they have imported everything already."""

import json
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.bench.grid import Grid, make_grid
from isthmus.bench.jobs import Job, jobs
from isthmus.bench.records import RunRecord
from isthmus.bench.results import GridResults
from isthmus.config import make_config, write_config
from isthmus.executors import local
from isthmus.tasks import Task

SHORT = {"epochs": 1, "epoch_steps": 1, "batch_size": 4}


def tiny_task(name: str, n: int = 24, test: int = 10) -> Task:
    """Make a task of noise around a level of its own for each of two classes."""
    rng = np.random.default_rng(len(name))
    label = np.arange(n + test) % 2
    x = rng.normal(size=(n + test, 1, 12)) + label[:, None, None]
    return Task.from_arrays(x[:n], label[:n], x[n:], label[n:], name=name)


def write_run(folder: Path, job: Job, error: object = 0.5, **more: object) -> Path:
    """Write a finished run as far as tables read it."""
    run = folder / "runs" / job.name
    run.mkdir(parents=True, exist_ok=True)
    write_config(make_config(job.settings), run / "config.yaml")
    of = {"task": job.task, "method": job.method, "backbone": job.backbone, "seed": job.seed, "epochs": 1}
    result = of | {
        "metric": "error",
        "error": error,
        "validation_error": 0.4,
        "steps": 3,
        "wall_s": 2.0,
    }
    (run / "result.json").write_text(json.dumps(result | more))
    return run


def grid_of(
    *,
    tasks: Sequence[Any] = ("a", "b"),
    methods: Sequence[Any] = ("one", "two"),
    backbones: Sequence[Any] = ("swin-micro",),
    seeds: int = 3,
    **more: object,
) -> Grid:
    """Make a grid whose names are not looked up."""
    axes = {"tasks": list(tasks), "methods": list(methods), "backbones": list(backbones)}
    return make_grid({**axes, "seeds": seeds, **more})


def records_of(
    errors: Mapping[tuple[str, str], Sequence[float | None]], metrics: Mapping[str, str] | None = None
) -> list[RunRecord]:
    """Make records from (task, method) -> the errors of seeds 0, 1, ...; None for a run that is missing."""
    records = []
    for (task, method), values in errors.items():
        for seed, error in enumerate(values):
            labels = (task, method, "swin-micro", seed)
            if error is None:
                records.append(RunRecord(*labels, "missing"))
            else:
                metric = (metrics or {}).get(task, "error")
                records.append(RunRecord(*labels, "done", metric, error, None, 3, 2.0))
    return records


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork workers instead of spawning them."""
    monkeypatch.setattr(local, "CONTEXT", get_context("fork"))


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A grid's folder with all runs but those left out: written(grid, {name: error or None}) -> folder."""

    def write(grid: Grid, errors: Mapping[str, object] | None = None, name: str = "grid") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        grid.write(folder / "grid.yaml")
        for number, job in enumerate(jobs(grid)):
            error = (errors or {}).get(job.name, (number % 7 + 1) / 10)
            if error is not None:
                write_run(folder, job, error)
        return folder

    return write


@pytest.fixture(scope="session", name="tiny_task")
def _tiny_task() -> Callable[..., Task]:
    return tiny_task


@pytest.fixture(scope="session", name="grid_of")
def _grid_of() -> Callable[..., Grid]:
    return grid_of


@pytest.fixture(scope="session", name="records_of")
def _records_of() -> Callable[..., list[RunRecord]]:
    return records_of


@pytest.fixture(scope="session", name="write_run")
def _write_run() -> Callable[..., Path]:
    return write_run


@pytest.fixture(scope="session")
def results() -> GridResults:
    """Results of two systems on three tasks: one task has another metric, seeds are missing, a run failed."""
    errors: dict[tuple[str, str], list[float | None]] = {
        ("a", "one"): [0.2, 0.22, 0.24],
        ("a", "two"): [0.1, 0.12, 0.14],
        ("b", "one"): [0.00703, 0.00705, 0.00707],
        ("b", "two"): [0.0071, None, None],
    }
    failed = RunRecord("c", "one", "swin-micro", 0, "failed", reason="no | memory")
    missing = RunRecord("c", "two", "swin-micro", 0, "missing")
    return GridResults([*records_of(errors, {"b": "nrmse"}), failed, missing])
