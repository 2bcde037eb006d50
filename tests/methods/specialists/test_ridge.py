"""The ridge over features is scikit-learn's classifier, and the scaling is the published one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeClassifierCV
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from isthmus import fit
from isthmus.methods.specialists import SpecialistNet
from isthmus.methods.specialists.hydra import SparseScale
from isthmus.methods.specialists.ridge import ALPHAS, FeatureRidge
from isthmus.methods.specialists.rocket import StandardDeviationScale
from isthmus.tasks import Task

RNG = np.random.default_rng(0)


def series(n: int, channels: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Waves of noisy phase [n, channels, 40], a frequency to a class, far from mean 0."""
    y = np.arange(n) % classes
    phase = RNG.uniform(0, 6, (n, channels, 1))
    x = np.sin((1 + y[:, None, None]) * np.linspace(0, 9, 40) + phase) + RNG.normal(0, 0.3, (n, channels, 40))
    return (50 + 3 * x).astype(np.float32), y


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("samples", [20, 60])
def test_it_is_the_ridge_classifier_with_its_penalty_by_leave_one_out(
    samples: int,
    classes: int,
) -> None:
    y = np.arange(samples) % classes
    x = RNG.normal(size=(samples, 30)).astype(np.float32) + y[:, None] * RNG.normal(size=30) / 2
    x = (5 + x * np.logspace(-2, 2, 30)).astype(np.float32)
    body = FeatureRidge(nn.Identity(), StandardDeviationScale(30), 30, classes)
    body.fit(torch.from_numpy(x), torch.from_numpy(y))

    scaled = StandardScaler(with_mean=False).fit_transform(x.astype(np.float64))
    reference = RidgeClassifierCV(alphas=ALPHAS).fit(scaled, y)
    values = reference.decision_function(scaled)
    expected = np.stack([-values, values], 1) if classes == 2 else values
    np.testing.assert_allclose(body(torch.from_numpy(x)).numpy(), expected, atol=1e-4)


def test_a_class_without_a_sample_is_never_the_likeliest() -> None:
    x, y = torch.randn(12, 5, generator=torch.Generator().manual_seed(0)), torch.arange(12) % 2
    body = FeatureRidge(nn.Identity(), StandardDeviationScale(5), 5, 3)
    body.fit(x, y)
    assert torch.allclose(body(x)[:, 2], torch.tensor(-1.0))


def test_a_constant_feature_is_left_as_it_is() -> None:
    scale = StandardDeviationScale(2)
    scale.fit(torch.tensor([[0.1, 1.0], [0.1, 3.0], [0.1, 5.0]]))
    assert scale(torch.tensor([[0.1, 8**0.5 / 3**0.5]])).tolist() == [
        [pytest.approx(0.1), pytest.approx(1.0)]
    ]


def test_the_sparse_scaling_by_hand() -> None:
    scale = SparseScale(2)
    scale.fit(torch.tensor([[4.0, 9.0], [-1.0, 1.0]]))  # roots: 2 and 0; 3 and 1
    expected = [(3 - 1) / (2**0.5 + 0.5**4), (4 - 2) / 2**0.5]
    assert scale(torch.tensor([[9.0, 16.0]]))[0].tolist() == pytest.approx(expected)
    assert scale(torch.tensor([[0.0, -5.0]])).tolist() == [[0.0, 0.0]]


METHODS = [{"name": "rocket", "kernels": 60}, {"name": "hydra", "groups": 4}]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["name"])
@pytest.mark.parametrize(("channels", "classes"), [(1, 2), (3, 4)])
def test_it_learns_and_loads_to_the_very_same_outputs(
    method: dict[str, Any],
    channels: int,
    classes: int,
    tmp_path: Path,
) -> None:
    task = Task.from_arrays(*series(32, channels, classes), *series(16, channels, classes), name="waves")
    run = fit(task, method=method, out=tmp_path / "run")
    assert task.test is not None
    assert run.test_error is not None
    assert run.test_error < 0.1
    body = run.net.body
    assert isinstance(body, FeatureRidge)
    assert run.result["parameters"] == sum(p.numel() for p in body.ridge.parameters())
    torch.manual_seed(7)  # The kernels drawn here are replaced by those that are loaded.
    first, again = (
        SpecialistNet.from_pretrained(run.folder / "model"),
        SpecialistNet.from_pretrained(run.folder / "model"),
    )
    x = torch.from_numpy(task.test.x)
    assert torch.equal(first(x), again(x))
    assert torch.equal(first(x), run.outputs(task.test.x))


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["name"])
def test_the_seed_alone_decides(method: dict[str, Any], tmp_path: Path) -> None:
    task = Task.from_arrays(*series(12, 1, 2), name="waves")
    runs = []
    for i, seed in enumerate((0, 0, 1)):
        torch.manual_seed(i)
        runs.append(fit(task, method=method, seed=seed, out=tmp_path / str(i)).outputs(task.train.x))
    assert torch.equal(runs[0], runs[1])
    assert not torch.allclose(runs[0], runs[2])


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["name"])
def test_the_callers_draws_and_threads_are_left_alone(
    method: dict[str, Any],
    tmp_path: Path,
) -> None:
    task = Task.from_arrays(*series(12, 1, 2), name="waves")
    torch.manual_seed(3)
    expected = torch.rand(1)
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    fit(task, method=method, out=tmp_path / "run")
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads


def test_the_ridge_is_fitted_to_no_more_samples_than_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []
    original_fit = FeatureRidge.fit

    def recording_fit(self: FeatureRidge, features: Tensor, y: Tensor) -> None:
        seen.append(len(features))
        original_fit(self, features, y)

    monkeypatch.setattr(FeatureRidge, "fit", recording_fit)
    task = Task.from_arrays(*series(30, 1, 2), name="waves")
    for samples in (7, 100):
        fit(task, method={**METHODS[0], "samples": samples}, validation=0, out=tmp_path / str(samples))
    assert seen == [7, 30]


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ({"name": "rocket", "kernels": 0}, "method.kernels"),
        ({"name": "rocket", "samples": 0}, "method.samples"),
        ({"name": "hydra", "groups": -1}, "method.groups"),
    ],
)
def test_numbers_that_are_none(
    method: dict[str, Any], key: str, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    with refuses("value", key):
        fit(Task.from_arrays(*series(8, 1, 2)), method=method, out=tmp_path / "run")


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["name"])
def test_series_that_are_too_short_and_a_missing_package(
    method: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refuses: Callable[..., Any],
) -> None:
    x, y = series(8, 1, 2)
    with refuses("conflict", "method"):
        fit(Task.from_arrays(x[..., :10], y), method=method, out=tmp_path / "run")
    monkeypatch.setitem(__import__("sys").modules, "aeon.transformations.collection.convolution_based", None)
    with refuses("dependency", "aeon"):
        fit(Task.from_arrays(x, y), method=method, out=tmp_path / "run")
