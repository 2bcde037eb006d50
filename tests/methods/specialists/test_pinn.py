"""A network fitted to an equation: what it finds, that it is quiet and leaves everything as it was."""

import os
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from isthmus import fit
from isthmus.methods.specialists import SpecialistNet, pinn
from isthmus.methods.specialists.pde_residuals import problem_of, problems
from isthmus.methods.specialists.specialist_net import SpecialistSpec
from isthmus.tasks import Output, Split, Task

pytestmark = pytest.mark.skipif(find_spec("deepxde") is None, reason="DeepXDE is not installed")


def net_for(name: str, size: tuple[int, ...], **options: Any) -> SpecialistNet:
    spec = SpecialistSpec(
        task=f"pdebench/{name}",
        kind="regression",
        input_shape=(1, *size),
        output_channels=1,
        output_size=size,
        classes=(),
        method="pinn",
        options=options,
    )
    method = pinn.PINN(**options)
    assert method.supports(spec)
    torch.manual_seed(0)
    return SpecialistNet(method.build_body(spec), spec).eval()


@torch.inference_mode()
def answers(net: SpecialistNet, x: Tensor) -> Tensor:
    return net(x)


@pytest.mark.parametrize(("options", "rate"), [({}, 1), ({"parameters": {"rho": 3.0}}, 3)])
def test_growth_without_diffusion_is_logistic(options, rate):
    """A start that is the same everywhere grows by u' = rho u (1 - u)."""
    net = net_for("reaction-diffusion1d", (8,), iterations=200, points=40, **options)
    level, growth = 0.4, np.exp(0.29 * rate)
    later = level * growth / (1 + level * (growth - 1))
    found = answers(net, torch.full((1, 1, 8), level))
    assert later - level > 0.05
    assert (found - later).abs().max() < 0.01


@pytest.mark.parametrize("name", problems)
def test_every_law_is_fitted(name):
    size = (8, 8) if name.endswith("2d") else (8 * problem_of(name, {}).fields,)
    net = net_for(name, size, iterations=1, points=20)
    x = 1 + torch.rand(2, 1, *size, generator=torch.Generator().manual_seed(1))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    found = answers(net, x)
    assert found.shape == (2, 1, *size)
    assert found.isfinite().all()
    assert not torch.equal(found[0], found[1])
    assert not found.requires_grad
    assert torch.equal(answers(net, x[1:]), found[1:])  # a sample has nothing to do with those beside it
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_the_gas_is_fitted_in_the_units_of_the_equation(tmp_path, monkeypatch):
    """The task's fields are standardised at each point, with mean and deviation in further channels of y."""
    rng = np.random.default_rng(0)
    mean, std = rng.uniform(1, 2, (2, 12)).astype(np.float32)
    x, y = rng.normal(size=(2, 12, 1, 12)).astype(np.float32)
    planes = np.broadcast_to(np.stack([mean, std]), (12, 2, 12))
    samples = Split(x, np.concatenate([y, planes], 1))
    task = Task(
        name="pdebench/navier-stokes1d",
        kind="regression",
        train=samples,
        validation=None,
        test=samples,
        output=Output(1, (12,)),
        classes=(),
        y_mean=(0.0,),
        y_std=(1.0,),
        metric="nrmse",
        loss="rmse",
    )
    given = []

    class Kept(pinn.Conditions):
        def __init__(self, solver, fields):
            given.append(fields)
            super().__init__(solver, fields)

    monkeypatch.setattr(pinn, "Conditions", Kept)
    options = {"name": "pinn", "iterations": 1, "points": 10, "samples": 1}
    run = fit(task, method=options, out=tmp_path)
    torch.testing.assert_close(given[0], torch.from_numpy(x[0, 0] * std + mean).reshape(3, 4).T)
    again = SpecialistNet.from_pretrained(tmp_path / "model")
    one = torch.from_numpy(x[:1])
    standardised = answers(again, one)
    torch.testing.assert_close(standardised, answers(run.net, one))
    for buffer, value in (("mean", 0.0), ("std", 1.0)):
        again.body.get_buffer(buffer).fill_(value)
    in_units = answers(again, one * torch.from_numpy(std) + torch.from_numpy(mean))
    torch.testing.assert_close(standardised * torch.from_numpy(std) + torch.from_numpy(mean), in_units)


def test_everything_is_as_it_was(capfd, monkeypatch):
    monkeypatch.setenv("DDE_BACKEND", "jax")
    pinn.deepxde.cache_clear()
    state, numbers = torch.get_rng_state(), np.random.get_state(legacy=False)["state"]["key"].copy()
    net = net_for("burgers1d", (8,), iterations=2, points=10)
    torch.set_rng_state(state)
    answers(net, torch.ones(1, 1, 8))
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state(legacy=False)["state"]["key"], numbers)
    assert (torch.get_default_dtype(), torch.get_default_device().type) == (torch.float32, "cpu")
    assert os.environ["DDE_BACKEND"] == "jax"
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def task() -> Task:
    x = np.random.default_rng(0).normal(size=(12, 1, 8))
    return Task.from_arrays(x, 5 * x, x, 5 * x, kind="regression", name="pdebench/advection1d")


def test_a_run_fits_no_more_samples_than_asked_for(task, tmp_path, monkeypatch, refuses):
    fitted = []
    whole = pinn.Solver.fit
    monkeypatch.setattr(pinn.Solver, "fit", lambda self, x: fitted.append(x) or whole(self, x))
    options = {"name": "pinn", "iterations": 1, "points": 10, "samples": 3}
    with refuses("conflict", "validation"):
        fit(task, method=options, out=tmp_path, validation=0.5)
    run = fit(task, method=options, out=tmp_path)
    assert len(fitted) == 3
    assert run.result["test_samples"] == 3
    assert run.result["validation_error"] is None
    assert "validation" not in run.config.flat(only_given=True)
    assert torch.equal(fitted[0], torch.from_numpy(task.test.x[0]))  # in the equation's units
    again = SpecialistNet.from_pretrained(tmp_path / "model")
    x = torch.from_numpy(task.test.x[:1])
    assert torch.equal(answers(again, x), answers(run.net, x))


@pytest.mark.parametrize("name", ["arrays", "advection1d", "pdebench/heat1d", "pdebench/advection1d/x"])
def test_other_tasks_are_refused(task, name, tmp_path, refuses):
    other = Task(**{**vars(task), "name": name})
    with refuses("conflict", "method"):
        fit(other, method="pinn", out=tmp_path / "run")


@pytest.mark.parametrize(("name", "value"), [("iterations", 0), ("points", 9), ("samples", 0)])
def test_numbers_that_are_too_small(name, value, refuses):
    with refuses("value", f"method.{name}"):
        pinn.PINN(**{name: value})


def test_parameters_that_the_law_does_not_have(refuses):
    with refuses("unknown", "nu"):
        net_for("advection1d", (8,), parameters={"nu": 1.0})
    with refuses("unknown", "name"):
        net_for("advection1d", (8,), parameters={"name": "burgers1d"})


@pytest.fixture
def anew():
    """DeepXDE is looked for again, in the test and after it."""
    pinn.deepxde.cache_clear()
    yield
    pinn.deepxde.cache_clear()


def test_deepxde_is_missing(anew, monkeypatch, refuses):
    monkeypatch.setitem(sys.modules, "deepxde", None)
    with refuses("dependency", "deepxde"):
        pinn.deepxde()


def test_deepxde_runs_on_something_else(anew, monkeypatch, refuses):
    monkeypatch.setattr(pinn.deepxde().backend, "backend_name", "jax")
    pinn.deepxde.cache_clear()
    with refuses("conflict", "deepxde"):
        pinn.deepxde()
