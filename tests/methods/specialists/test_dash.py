"""DASH: the search, the settings that it chooses, and the network that it builds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from isthmus import fit
from isthmus.config import make_config
from isthmus.config.resolve import ResolvedRun, resolve
from isthmus.methods import Searching
from isthmus.methods.specialists.aggregated_convolution import AggregatedConvolution, Choice
from isthmus.methods.specialists.dash import CONVOLUTION_COUNT, Dash
from isthmus.methods.specialists.dash_tuning import DENSE_GRID, GRID, Settings, train_briefly
from isthmus.methods.specialists.search import error_and_loss
from isthmus.model.base import Spec
from isthmus.tasks import Task
from isthmus.training.fit import build

LENGTH = 48


def far_apart(n: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Two pulses in noise, 14 positions apart, of the same or of opposite sign: no small kernel sees both."""
    rng = np.random.default_rng(0)
    x, y = 0.1 * rng.normal(size=(n, 1, LENGTH)), np.arange(n) % 2
    for sample, label in zip(x, y, strict=True):
        at, sign = rng.integers(0, LENGTH - 14), rng.choice([-1, 1])
        sample[0, at] += 3 * sign
        sample[0, at + 14] += 3 * sign * (1 if label else -1)
    return x, y


def make_task() -> Task:
    x, y = far_apart()
    return Task.from_arrays(x, y, x[:8], y[:8], name="far")


def run_of(task: Task, seed: int = 0, validation: float = 0.2, **options: Any) -> ResolvedRun:
    asked = {"task": task.name, "seed": seed, "validation": validation, "epoch_steps": 2, "epochs": 1}
    return resolve(make_config({**asked, "method": {"name": "dash", "width": 2, **options}}), task)


def found_by(run: ResolvedRun) -> dict[str, Any]:
    assert isinstance(run.method, Searching)
    return run.method.search(run.task, run.train, run.validation, run.config)


def spec_of(*shape: int, size: tuple[int, ...] = ()) -> Spec:
    return Spec(
        task="t", kind="regression", input_shape=shape, output_channels=2, output_size=size, classes=()
    )


def convolutions(net: nn.Module) -> list[Any]:
    """Those that are searched for: all but the pointwise ones of shortcuts and heads."""
    plain = [m for m in net.modules() if isinstance(m, nn.Conv1d | nn.Conv2d)]
    return [m for m in plain if max(m.kernel_size) > 1]


def test_a_run_searches_chooses_and_trains_what_was_found(tmp_path: Path) -> None:
    options = {"name": "dash", "width": 2, "search_steps": 2, "tune_steps": 1}
    run = fit(make_task(), method=options, out=tmp_path / "r", epochs=1, epoch_steps=2)
    settings = json.loads((tmp_path / "r" / "found.json").read_text())["settings"]
    kernels, dilations = settings["method"]["kernels"], settings["method"]["dilations"]
    built = [(m.kernel_size[0], m.dilation[0]) for m in convolutions(run.net)]
    assert built == list(zip(kernels, dilations, strict=True))
    assert Settings(*(settings.get(f) or settings["method"].get(f, 0.0) for f in Settings._fields)) in GRID
    assert (settings["optimizer"], settings["nesterov"]) == ("sgd", True)
    assert run.predict(far_apart()[0][:3]).shape == (3,)


def test_the_same_seed_finds_the_same_and_leaves_the_global_state() -> None:
    state = torch.get_rng_state()
    first, second, other = (
        found_by(run_of(make_task(), seed, search_steps=3, tune_steps=0)) for seed in (1, 1, 2)
    )
    assert first == second
    assert first["method"]["kernels"] != other["method"]["kernels"]
    assert torch.equal(torch.get_rng_state(), state)


def test_it_prefers_the_kernel_that_the_task_needs() -> None:
    """One layer, whose target is a convolution that one of its choices alone can do."""
    torch.manual_seed(0)
    x = torch.randn(64, 1, LENGTH)
    target = nn.functional.conv1d(x, torch.tensor([[[1.0, -2.0, 1.0]]]), None, 1, 7, 7)
    task = Task.from_arrays(x.numpy(), target.numpy(), kind="regression", name="far")
    run = run_of(task)
    choices = [Choice(3, d) for d in (1, 3, 7)]
    net: Any = build(run)[0]
    net.body = layer = AggregatedConvolution(1, 1, 1, choices, 1, separable=False)
    optimizer = torch.optim.SGD(layer.parameters(), 0.1, 0.9)
    train_briefly(net, task, task.train, run.config, optimizer, steps=60, purpose="search")
    assert layer.preferred == Choice(3, 7)


def test_no_search_and_no_grid_find_nothing() -> None:
    run = run_of(make_task(), search_steps=0, tune_steps=0)
    assert found_by(run) == {"method": run.config.method}
    assert [m.kernel_size[0] for m in convolutions(build(run)[0])] == [8, 5, 3] * 3


def test_given_kernels_are_not_searched_for() -> None:
    given: dict[str, Any] = {"kernels": [3] * CONVOLUTION_COUNT[1], "dilations": [2] * CONVOLUTION_COUNT[1]}
    found = found_by(run_of(make_task(), tune_steps=0, **given))
    assert {key: found["method"][key] for key in given} == given


@pytest.mark.parametrize(
    ("shape", "validation", "grid"),
    [((1, 16), 0.2, GRID), ((1, 16), 0.0, GRID), ((1, 6, 6), 0.0, DENSE_GRID)],
)
def test_settings_are_chosen_with_and_without_validation_data(
    shape: tuple[int, ...],
    validation: float,
    grid: list[Settings],
) -> None:
    x = np.random.default_rng(0).normal(size=(12, *shape))
    task = Task.from_arrays(x, 2 * x, kind="regression", name="double")
    found = found_by(run_of(task, validation=validation, search_steps=0, tune_steps=1))
    chosen = (found["lr"], found["method"]["dropout"], found["weight_decay"], found["momentum"])
    assert chosen in grid


def test_the_published_grid() -> None:
    assert (len(GRID), len(set(GRID))) == (24, 24)
    assert [{getattr(settings, name) for settings in GRID} for name in Settings._fields] == [
        {0.1, 0.01, 0.001},
        {0.0, 0.05},
        {5e-4, 5e-6},
        {0.9, 0.99},
    ]


def test_a_training_whose_loss_is_no_number_any_more_ranks_last() -> None:
    run = run_of(make_task())
    net, _ = build(run)
    with torch.no_grad():
        next(net.parameters()).fill_(torch.nan)
    assert run.validation is not None
    before = [p.clone() for p in net.parameters()]
    optimizer = torch.optim.SGD(net.parameters(), 1.0)
    train_briefly(net, run.task, run.train, run.config, optimizer, steps=3, purpose="tune")
    assert all(torch.equal(p, q) or p.isnan().any() for p, q in zip(net.parameters(), before, strict=True))
    assert error_and_loss(net, run.task, run.validation) == (np.inf, np.inf)


@pytest.mark.parametrize(
    ("spec", "kernels", "dilations"),
    [
        (spec_of(1, 1000), {3, 7, 11, 15, 19}, {1, 3, 7, 15}),
        (spec_of(1, 46), {3, 7, 11, 15, 19}, {1, 3, 7, 15}),  # Satellite
        (spec_of(3, 60, 60), {3, 5, 7, 9}, {1, 3, 7, 15}),  # Spherical
        (spec_of(1, 16, 52), {3, 5, 7}, {1, 3, 7}),  # NinaPro
        (spec_of(1, 8, 8), {3}, {1, 3}),
        (spec_of(1, 64, 64, size=(64, 64)), {3, 5}, {1, 3, 7, 15}),
    ],
)
def test_choices(spec: Spec, kernels: set[int], dilations: set[int]) -> None:
    """The published ones where they are published; no more than what sees the sample."""
    assert set(Dash().choices(spec)) == {Choice(k, d) for k in kernels for d in dilations}


def test_choices_can_be_given() -> None:
    choices = Dash(kernel_choices=[5], dilation_choices=[2, 4]).choices(spec_of(1, 8, 8))
    assert choices == [Choice(5, 2), Choice(5, 4)]


@pytest.mark.parametrize("spec", [spec_of(2, 30), spec_of(2, 12, 12), spec_of(2, 12, 12, size=(12, 12))])
def test_layers_are_counted_right(spec: Spec) -> None:
    n = CONVOLUTION_COUNT[len(spec.input_shape) - 1]
    assert len(convolutions(Dash(widen=1).build_body(spec))) == n
    given = Dash(widen=1, kernels=[5] * n, dilations=[2] * n)
    net = given.build_body(spec)
    assert [(m.kernel_size[0], m.dilation[0]) for m in convolutions(net)] == [(5, 2)] * n
    assert net(torch.randn(2, *spec.input_shape)).shape == (2, 2, *spec.output_size)


@pytest.mark.parametrize(
    ("options", "kind", "key"),
    [
        ({"search_steps": -1}, "value", "method.search_steps"),
        ({"width": 0}, "value", "method.width"),
        ({"dropout": 1.0}, "value", "method.dropout"),
        ({"kernel_choices": [3, 4]}, "value", "method.kernel_choices"),
        ({"kernels": []}, "value", "method.kernels"),
        (
            {"dilation_choices": [0]},
            "value",
            "method.dilation_choices",
        ),
        ({"kernels": [3]}, "missing", "method.dilations"),
    ],
)
def test_options_that_do_not_fit(
    options: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses(kind, key):
        Dash(**options)


def test_kernels_that_are_too_few(refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "method.kernels"):
        Dash(kernels=[3, 3], dilations=[1, 1]).build_body(spec_of(1, 30))
