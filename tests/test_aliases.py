"""The names that the published tables give to tasks answer wherever a task is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from isthmus import recipes
from isthmus.aliases import TASKS, task_name
from isthmus.bench.compare import plan_grid
from isthmus.bench.published import published
from isthmus.config import make_config
from isthmus.pde import equations, generate
from isthmus.registry import Registry
from isthmus.tasks import load_task, tasks
from isthmus.training.plan import plan

Command = Callable[..., tuple[int, str, str]]
ALIAS, NAME = "pdebench/diffusion-reaction2d", "pdebench/reaction-diffusion2d"


@pytest.mark.parametrize("alias", TASKS)
def test_a_task_answers_to_its_other_name(alias: str) -> None:
    assert tasks[alias] is tasks[task_name(alias)]
    assert alias in tasks
    assert alias not in list(tasks)
    assert task_name(alias) in published()["table2"].units
    for method in ("pare", "orca"):
        assert recipes.read(f"{alias}/{method}") == recipes.read(f"{task_name(alias)}/{method}")
    assert make_config({"task": alias}).task == task_name(alias)


def test_on_the_command_line(
    run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backbones: dict[str, str]
) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    code, out, _ = run("data", "generate", ALIAS, "--samples", 10, "--resolution", 16)
    assert (code, NAME in out) == (0, True)
    assert run("data", "prepare", ALIAS)[0] == 0
    assert run("data", "verify", ALIAS)[1].startswith(f"{NAME} is intact")
    assert f"name       {NAME}\n" in run("data", "info", ALIAS)[1]
    assert load_task(ALIAS).name == NAME
    code, out, said = run("fit", ALIAS, "--method", "unet", "--epochs", "1", "--out", "run", "--dry-run")
    assert (code, said) == (0, "")
    assert plan(ALIAS, method="unet", out=tmp_path / "run").run.config.task == NAME
    assert run("data", "mock", "pdebench/diffusion-reaction1d", "--samples", "4")[0] == 0
    assert load_task("pdebench/diffusion-reaction1d").shape.startswith("[1, 1024]")


def test_in_a_grid(tmp_path: Path) -> None:
    planned = plan_grid([ALIAS], methods=["unet", "fno"], seeds=1, out=tmp_path / "grid")
    assert [(task.name, task.label) for task in planned.grid.tasks] == [(NAME, NAME)]


def test_an_equation_answers_too(tmp_path: Path) -> None:
    assert equations["diffusion-reaction1d"] is equations["reaction-diffusion1d"]
    one = generate("diffusion-reaction1d", tmp_path / "one", samples=1, resolution=16)
    other = generate("reaction-diffusion1d", tmp_path / "other", samples=1, resolution=16)
    with h5py.File(one) as first, h5py.File(other) as second:
        assert first.attrs["isthmus"] == second.attrs["isthmus"]


def test_a_registry_with_aliases(refuses: Callable[..., Any]) -> None:
    registry: Registry[int] = Registry("number", aliases={"uno": "one", "due": "two"})
    registry.register("one")(1)
    assert (registry["uno"], registry.canonical("uno"), registry.canonical("one")) == (1, "one", "one")
    assert "uno" in registry
    assert "due" not in registry
    assert [*registry] == ["one"]
    assert len(registry) == 1
    with refuses("unknown", "two"):
        registry["due"]
