"""Runs with a tiny network, whose files are made by hand, and grids as those of the tests of `bench`."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.training.kept import SavedOutputs, SavedSamples

BENCH = runpy.run_path(str(Path(__file__).parents[1] / "bench" / "conftest.py"))

grid_of = BENCH["grid_of"]


@pytest.fixture
def grid(tmp_path: Path) -> Callable[..., Path]:
    """A grid's folder: grid({(task, method): errors of the seeds, None for a missing run}, **of the grid)."""

    def write(errors: dict[tuple[str, str], list[float | None]], **more: Any) -> Path:
        folder = tmp_path / "grid"
        folder.mkdir()
        tasks, methods = (list(dict.fromkeys(key[place] for key in errors)) for place in (0, 1))
        made = grid_of(tasks=tasks, methods=methods, seeds=len(next(iter(errors.values()))), **more)
        made.write(folder / "grid.yaml")
        for job in BENCH["jobs"](made):
            error = errors[job.task, job.method][job.seed]
            if error is not None:
                BENCH["write_run"](folder, job, error, wall_s=1.0 + len(job.method), parameters=1000)
        return folder

    return write


RESULT = {
    "task": "tiny",
    "method": "wrn",
    "backbone": "none",
    "seed": 0,
    "metric": "error",
    "error": 0.25,
    "validation_error": 0.2,
    "probe": None,
    "epochs": 1,
    "steps": 3,
    "parameters": 12345,
    "test_samples": 8,
    "wall_s": 2.0,
    "search_s": 0.0,
    "probe_s": 0.0,
    "test_s": 0.1,
    "peak_mb": 300,
    "versions": {"python": "3.11"},
}

SUMMARY = {
    "task": "tiny",
    "kind": "classification",
    "about": "made <b>up</b> & small",
    "metric": "error",
    "input_shape": [1, 6],
    "output_shape": [3],
    "classes": ["low", "high", "none"],
    "splits": {
        "train": {"samples": 9, "looked_at": 9, "counts": [3, 3, 3]},
        "test": {"samples": 8, "looked_at": 8, "counts": [4, 4, 0]},
    },
}


@pytest.fixture
def result() -> dict[str, Any]:
    return json.loads(json.dumps(RESULT))


@pytest.fixture
def summary() -> dict[str, Any]:
    return json.loads(json.dumps(SUMMARY))


@pytest.fixture
def predictions() -> SavedOutputs:
    """Eight samples of the classes 0 and 1, two of which are taken for the other class."""
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    said = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    output = np.full((8, 3), -1.0, np.float32)
    output[np.arange(8), said] = np.linspace(0.5, 3, 8)
    return SavedOutputs(np.arange(8), output, y)


@pytest.fixture
def samples() -> SavedSamples:
    x = np.random.default_rng(0).normal(size=(9, 1, 6)).astype(np.float32)
    return SavedSamples(x, np.arange(9) % 3, x[:2], np.array([7, 3]))
