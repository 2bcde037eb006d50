"""Tiny tasks, grids made by hand, and workers that are forked: they have imported everything already."""

import json
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from isthmus.bench import runner
from isthmus.bench.grid import Grid, make_grid
from isthmus.bench.jobs import jobs
from isthmus.bench.records import Row
from isthmus.config import make_config
from isthmus.tasks import Task

SHORT = {"epochs": 1, "epoch_steps": 1, "batch_size": 4}


def tiny_task(name: str, n: int = 24, test: int = 10) -> Task:
    """Noise around a level of its own for each of two classes."""
    rng = np.random.default_rng(len(name))
    label = np.arange(n + test) % 2
    x = rng.normal(size=(n + test, 1, 12)) + label[:, None, None]
    return Task.from_arrays(x[:n], label[:n], x[n:], label[n:], name=name)


def write_run(out: Path, job, error: object = 0.5, **more: object) -> Path:
    """A finished run as far as tables read it."""
    folder = out / "runs" / job.name
    folder.mkdir(parents=True, exist_ok=True)
    make_config(job.words).write(folder / "config.yaml")
    result = {"metric": "error", "error": error, "validation_error": 0.4, "steps": 3, "wall_s": 2.0}
    (folder / "result.json").write_text(json.dumps(result | more))
    return folder


def grid_of(*, tasks=("a", "b"), methods=("one", "two"), backbones=("swin-micro",), seeds=3, **more) -> Grid:
    """A grid that nothing is looked up for."""
    axes = {"tasks": list(tasks), "methods": list(methods), "backbones": list(backbones)}
    return make_grid({**axes, "seeds": seeds, **more})


def rows_of(errors: dict[tuple[str, str], list[float]], metrics: dict[str, str] | None = None) -> list[Row]:
    """(task, method) -> the errors of seeds 0, 1, ...; None for a run that is missing."""
    found = []
    for (task, method), values in errors.items():
        for seed, error in enumerate(values):
            which = (task, method, "swin-micro", seed)
            metric = (metrics or {}).get(task, "error")
            done = Row(*which, "done", metric, error, None, 3, 2.0) if error is not None else None
            found.append(done or Row(*which, "missing"))
    return found


@pytest.fixture
def forked(monkeypatch):
    monkeypatch.setattr(runner, "CONTEXT", get_context("fork"))


@pytest.fixture
def written(tmp_path):
    """A grid's folder with all runs but those left out: written(grid, {name: error or None}) -> folder."""

    def write(grid: Grid, errors: dict[str, object] | None = None, folder: str = "grid") -> Path:
        out = tmp_path / folder
        out.mkdir()
        grid.write(out / "grid.yaml")
        for number, job in enumerate(jobs(grid)):
            error = (errors or {}).get(job.name, (number % 7 + 1) / 10)
            if error is not None:
                write_run(out, job, error)
        return out

    return write


@pytest.fixture(scope="session", name="tiny_task")
def _tiny_task():
    return tiny_task


@pytest.fixture(scope="session", name="grid_of")
def _grid_of():
    return grid_of


@pytest.fixture(scope="session", name="rows_of")
def _rows_of():
    return rows_of


@pytest.fixture(scope="session", name="write_run")
def _write_run():
    return write_run
