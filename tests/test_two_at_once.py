"""Two processes that write to one place at once: both end well, and nothing of either is lost or damaged."""

import json
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus import locks
from isthmus.datasets import find
from isthmus.pde import generate
from isthmus.store.prepare import mock, prepare
from isthmus.store.verify import verify
from isthmus.tasks import Task
from isthmus.tasks.generated import generate as generate_task
from isthmus.training import fit

FORK = get_context("fork")
ADVECTION = "pdebench/advection1d"


def at_once(act: Callable[[], Any], times: int = 2) -> list[Any]:
    """What a function returns, or the text of its error, in processes that begin at the same time."""

    def report(begin: Any, pipe: Any) -> None:
        begin.wait()
        try:
            pipe.send(act())
        except Exception as error:
            pipe.send(str(error))

    begin, pipes = FORK.Barrier(times), [FORK.Pipe(duplex=False) for _ in range(times)]
    processes = [FORK.Process(target=report, args=(begin, theirs)) for _, theirs in pipes]
    for process in processes:
        process.start()
    said = [ours.recv() for ours, _ in pipes]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return said


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_stand_in_is_made_twice_and_is_intact(tmp_path: Path) -> None:
    data = find("nasbench360/ninapro").require_data()
    stores = at_once(lambda: mock("nasbench360/ninapro", data, tmp_path, samples=4).manifest.digest)
    assert stores[0] == stores[1]
    verify("nasbench360/ninapro", data, tmp_path)
    assert all(name.endswith((".npy", "card.json")) for name in files(tmp_path))


def test_a_task_is_generated_and_prepared_twice_and_is_intact(tmp_path: Path) -> None:
    data = find(ADVECTION).require_data()

    def make() -> list[str]:
        generate_task(ADVECTION, tmp_path, samples=10, resolution=16)
        return sorted(prepare(ADVECTION, data, tmp_path).manifest.files)

    made = at_once(make)
    assert made[0] == made[1]
    verify(ADVECTION, data, tmp_path)
    assert not [name for name in files(tmp_path) if "lock" in name or "part" in name or "unfinished" in name]


def test_of_two_that_generate_one_file_the_second_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "a.hdf5"
    said = at_once(partial(generate, "advection1d", path, samples=20, resolution=16))
    assert sorted(map(str, said)) == sorted(
        [str(path), f"'{path}' is there already; remove it or give another name"]
    )
    assert files(tmp_path) == ["a.hdf5"]


@pytest.mark.parametrize("resume", [True, False])
def test_a_run_is_made_once(tmp_path: Path, resume: bool, backbones: dict[str, str]) -> None:
    x = np.random.default_rng(0).normal(size=(12, 1, 16))
    task = Task.from_arrays(x, np.arange(12) % 2, kind="classification", name="two")
    settings = {"method": "nft", "backbone": backbones["vit"], "embedder": "patch", "epochs": 1}
    words = {**settings, "epoch_steps": 2, "out": tmp_path / "run", "resume": resume}
    said = at_once(lambda: fit(task, **words).result)
    finished = json.loads((tmp_path / "run" / "result.json").read_text())
    assert finished in said
    other = next(one for one in said if one != finished or said.count(finished) == 2)
    assert other == finished if resume else "holds this run already" in other
    assert not [name for name in files(tmp_path) if "lock" in name or ".part" in name]


def test_a_run_that_another_process_is_at_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any], backbones: dict[str, str]
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.01)
    task = Task.from_arrays(np.eye(12), np.arange(12) % 2, kind="classification", name="two")
    folder = tmp_path / "run"
    with locks.lock_folder(folder), refuses("conflict", folder):
        fit(task, method="scratch", backbone=backbones["vit"], embedder="patch", epochs=1, out=folder)
    assert list(folder.iterdir()) == []
