"""What holds for every specialist: shapes, gradients, the same when loaded again, one line of refusal."""

import numpy as np
import pytest
import torch

from isthmus import fit
from isthmus.config import complete_options, make_config
from isthmus.config.resolve import make
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.specialists import SpecialistNet
from isthmus.methods.specialists.specialist import OneShotSpecialist, SpecialistMethod
from isthmus.model import load_net
from isthmus.tasks import Task

SIZES = {"series": (2, 32), "picture": (3, 16, 16)}


def targets(kind: str, size: tuple[int, ...], n: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return {
        "classification": lambda: np.arange(n) % 3,
        "multilabel": lambda: (rng.random((n, 4)) < 0.5).astype(int),
        "regression": lambda: rng.normal(size=(n, 2)),
        "field": lambda: rng.normal(size=(n, 1, *size)),
        "segmentation": lambda: rng.integers(2, size=(n, *size)),
    }[kind]()


def task_of(kind: str, shape: str, n: int = 12) -> Task:
    size = SIZES[shape]
    x = np.random.default_rng(0).normal(size=(n, *size))
    y = targets(kind, size[1:], n)
    kind = "regression" if kind == "field" else kind
    return Task.from_arrays(x, y, x[:6], y[:6], kind=kind, name="tiny")


KINDS = ("classification", "multilabel", "regression", "field", "segmentation")
TASKS = {f"{kind} of a {shape}": task_of(kind, shape) for kind in KINDS for shape in SIZES}
SPECIALISTS = sorted(name for name, kind in methods.items() if issubclass(kind, SpecialistMethod))
"""All but `expert`, which stands for the method that a task names."""


def net_of(name: str, task: Task) -> SpecialistNet:
    """The net of a run that asks for nothing.

    Raises:
        InputError: if the specialist does not take the task.
    """
    part = complete_options("method", {"name": name}, methods[name])
    config = make_config({"task": task.name, "method": part})
    return make("method", part).build(config, task)


def taken(name: str) -> list[str]:
    found = []
    for which, task in TASKS.items():
        try:
            net_of(name, task)
        except InputError:
            continue
        found.append(which)
    return found


TAKEN = {name: taken(name) for name in SPECIALISTS}
PAIRS = [(name, which) for name, found in TAKEN.items() for which in found]
BY_STEPS = [(name, which) for name, which in PAIRS if not issubclass(methods[name], OneShotSpecialist)]


@pytest.mark.parametrize(("name", "which"), BY_STEPS)
def test_shape_and_gradient(name, which):
    task = TASKS[which]
    net = net_of(name, task).train()
    x, y = torch.from_numpy(task.train.x), torch.from_numpy(task.train.y)
    output = net(x)
    assert output.shape == (len(x), task.output.channels, *task.output.size)
    task.sample_losses(output, y).mean().backward()
    without = [n for n, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert without == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "which"), BY_STEPS)
def test_saved_and_loaded_it_is_the_same(name, which, tmp_path):
    task = TASKS[which]
    net = net_of(name, task).train()
    x = torch.from_numpy(task.train.x)
    net(x)  # running statistics are moved from where they start
    net.save_pretrained(tmp_path)
    again = load_net(tmp_path, SpecialistNet)
    assert again.spec == net.spec
    with torch.no_grad():
        assert torch.equal(again(x), net.eval()(x))


@pytest.mark.parametrize("name", SPECIALISTS)
def test_the_seed_decides(name):
    for which in TAKEN[name][:1]:
        first, second = (net_of(name, TASKS[which]).state_dict() for _ in range(2))
        assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("name", SPECIALISTS)
def test_what_it_cannot_do_is_refused_in_one_line(name, refuses):
    refused = [which for which in TASKS if which not in TAKEN[name]]
    for which in refused[:1]:
        with refuses("conflict", "method"):
            net_of(name, TASKS[which])


def test_an_expert_is_named_by_the_task(tmp_path, refuses):
    task = task_of("field", "series")
    with refuses("missing", "expert"):
        fit(task, method="expert", out=tmp_path / "none")
    named = Task(**{**vars(task), "expert": "unet"})
    run = fit(named, method="expert", out=tmp_path / "run", epochs=1, epoch_steps=1, batch_size=4)
    assert (run.result["method"], run.result["backbone"]) == ("unet", "none")
    assert run.predict(task.test.x).shape == (6, 1, 32)


def test_a_run_of_a_specialist_says_what_it_cost(tmp_path):
    run = fit(task_of("field", "series"), method="unet", out=tmp_path, epochs=1, epoch_steps=1, batch_size=4)
    costs = {key: run.result[key] for key in ("wall_s", "test_s", "search_s", "peak_mb", "parameters")}
    assert costs["search_s"] == 0
    assert all(value >= 0 for value in costs.values())
    assert costs["parameters"] == sum(p.numel() for p in run.net.parameters())
    assert costs["peak_mb"] > 100
