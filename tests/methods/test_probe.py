"""The probe: a ridge regression on frozen features, and its folds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.config import make_config
from isthmus.config.resolve import resolve
from isthmus.methods.frozen_features import frozen_inputs
from isthmus.methods.probe import Probe, fit_probe, fold_numbers, some_samples
from isthmus.methods.ridge_path import solve_ridge
from isthmus.model import CrossModalNet
from isthmus.model.evaluation import evaluate
from isthmus.tasks import Split, Task

PROBE: dict[str, Any] = {
    "task": "waves",
    "method": "probe",
    "backbone": "swin-micro",
    "embedder": "patch",
    "scale": "channel",
}


def series(samples: int = 60, kind: str = "classification") -> Task:
    """Noisy waves whose frequency is the class."""
    rng = np.random.default_rng(0)
    label = np.arange(samples + 20) % 3
    time = np.linspace(0, 6.3, 48)
    x = np.sin(time * (1 + label[:, None]) + rng.uniform(0, 1, (len(label), 1)))
    x = x[:, None] + 0.2 * rng.normal(size=(len(label), 1, 48))
    y: Any = {
        "classification": np.array(["a", "b", "c"])[label],
        "multilabel": np.stack([label == 0, label > 0], 1).astype(int),
        "regression": 100.0 + 10 * label,
        "field": 5 + 3 * x,
    }[kind]
    kind = "regression" if kind == "field" else kind
    return Task.from_arrays(x[:samples], y[:samples], x[samples:], y[samples:], kind=kind, name="waves")


def probed(task: Task, **settings: Any) -> tuple[CrossModalNet, Split]:
    asked = {**PROBE, "task": task.name, "validation": 0, **settings}
    run = resolve(make_config(asked), task)
    net = Probe().build(run.config, run.task)
    return net, run.train


@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression", "field"])
@pytest.mark.parametrize("readout", ["last", "stages"])
def test_it_learns_every_kind_of_target(kind: str, readout: str) -> None:
    task = series(kind=kind)
    embedder = "patch" if kind == "field" else "picture"
    net, train = probed(task, readout=readout, embedder=embedder)
    before = {name: value.clone() for name, value in net.backbone.state_dict().items()}
    assert task.test is not None
    untrained = evaluate(net, task, task.test)[task.metric]
    fitted = fit_probe(net, train)
    fitted.give_to(net)
    error = evaluate(net, task, task.test)[task.metric]
    assert error < 0.5 * untrained
    assert fitted.error(task, train.y) < untrained
    assert all(torch.equal(value, before[name]) for name, value in net.backbone.state_dict().items())


def test_its_weights_are_those_of_a_ridge_regression_on_the_features() -> None:
    task = series(kind="regression")
    net, train = probed(task, readout="stages")
    (weight, bias), *_ = fit_probe(net, train).weights
    x = frozen_inputs(net, train.x, net.heads())[0].flatten(0, 1).double().numpy()
    y = (np.asarray(train.y, dtype=float) - task.y_mean) / task.y_std
    penalties = np.logspace(-1, 6, 15)
    fits = [solve_ridge(x, y, penalty)[0] for penalty in penalties]
    assert min(float(np.abs(one - weight.numpy()).max()) for one in fits) < 1e-6
    assert bias.numpy() == pytest.approx(y.mean() - x.mean(0) @ weight.numpy()[0], abs=1e-5)


def test_validation_data_does_not_reach_it() -> None:
    task = series(80)
    other = Task.from_arrays(task.train.x, np.array(task.classes)[task.train.y], name="waves")
    changed = other.train.x.copy()
    run = resolve(make_config(PROBE), other)
    assert run.validation is not None
    held_out = (changed[:, None] == run.validation.x[None]).all((2, 3)).any(1)
    changed[held_out] = 1e3
    second = resolve(
        make_config(PROBE),
        Task.from_arrays(changed, np.array(task.classes)[task.train.y], name="waves"),
    )
    nets = [Probe().build(one.config, one.task) for one in (run, second)]
    for net, one in zip(nets, (run, second), strict=True):
        fit_probe(net, one.train).give_to(net)
    first, again = (net.state_dict() for net in nets)
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_two_views_are_averaged() -> None:
    task = series()
    net, train = probed(task, embedder={"name": "views", "of": ["picture", "fold"]})
    generator = torch.Generator().manual_seed(0)
    for head in net.heads():
        head.linear.weight.data.copy_(torch.randn(head.linear.weight.shape, generator=generator))
    x = torch.from_numpy(train.x[:3])
    with torch.no_grad():
        both = net(x).softmax(1)
        alone = [
            net.predict_target(net.encode(net.embed_target(x.repeat_interleave(2, 0))))[view::2].softmax(1)
            for view in (0, 1)
        ]
    torch.testing.assert_close(both, (alone[0] + alone[1]) / 2)
    assert not torch.allclose(alone[0], alone[1])


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40))
def test_every_sample_is_left_out_once_and_classes_are_dealt_out_evenly(groups: list[int]) -> None:
    labels = np.array(groups)
    fold = fold_numbers(labels)
    smallest = np.bincount(labels)[np.unique(labels)].min()
    assert fold.shape == labels.shape
    assert set(fold) == set(range(fold.max() + 1))
    assert fold.max() >= 1
    if smallest >= 2:
        for group in np.unique(labels):
            counts = np.bincount(fold[labels == group], minlength=fold.max() + 1)
            assert counts.max() - counts.min() <= 1


def test_more_folds_than_samples_of_a_class(refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "method.folds"):
        fold_numbers(np.array([0, 0, 0, 1, 1]), 3)
    with refuses("value", "method.folds"):
        Probe(folds=1)


def test_some_samples_are_the_same_at_every_call() -> None:
    split = series().train
    assert some_samples(split, 100) is split
    assert np.array_equal(some_samples(split, 7).x, some_samples(split, 7).x)
    assert len(some_samples(split, 7)) == 7
