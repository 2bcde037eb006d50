"""The spherical network: correlations against their definition, and what turns with the input."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scipy.special import sph_harm_y

from isthmus import fit
from isthmus.methods import methods
from isthmus.methods.specialists import SpecialistNet, spherical
from isthmus.methods.specialists.s2cnn import (
    MeanOverRotations,
    RotationCorrelation,
    S2CNNMethod,
    SphereCorrelation,
    rotation_points,
    sphere_points,
)
from isthmus.model.base import Spec
from isthmus.tasks import Task

POLE = np.array([0.0, 0.0, 1.0])


def spec(*shape: int, size: tuple[int, ...] = ()) -> Spec:
    return Spec(
        task="t",
        kind="classification",
        input_shape=shape,
        output_channels=10,
        output_size=size,
        classes=tuple(range(10)),
    )


def harmonics(coefficients: np.ndarray, beta: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """A real function of so many coefficients by degree and order, at points of the sphere."""
    total = np.zeros(np.broadcast(beta, alpha).shape)
    for degree, row in enumerate(coefficients):
        for order in range(degree + 1):
            total += row[order] * sph_harm_y(degree, order, beta, alpha).real
            total += row[-1 - order] * sph_harm_y(degree, order, beta, alpha).imag
    return total


def at_rotations(bandwidth: int) -> list[tuple[tuple[int, int, int], Rotation]]:
    """A few of the samples' places, and their rotations."""
    places = [(0, 0, 0), (1, 3, 2), (5, 2, 7), (2 * bandwidth - 1, 4, 5)]
    beta, step = spherical.latitudes(bandwidth), np.pi / bandwidth
    return [(p, Rotation.from_euler("ZYZ", [p[1] * step, beta[p[0]], p[2] * step])) for p in places]


def test_the_first_correlation_against_its_definition() -> None:
    """A weighted sum of the input at the turned points, by scipy's harmonics and rotations."""
    bandwidth, cut = 8, 4
    torch.manual_seed(0)
    layer = SphereCorrelation(2, 3, bandwidth, cut)
    functions = np.random.default_rng(0).normal(size=(2, bandwidth, 2 * bandwidth))
    beta, alpha = np.meshgrid(
        spherical.latitudes(bandwidth), np.arange(2 * bandwidth) * np.pi / bandwidth, indexing="ij"
    )
    x = np.stack([harmonics(f, beta, alpha) for f in functions])
    with torch.no_grad():
        output = layer(torch.from_numpy(x)[None].float())[0]
    assert output.shape == (3, 2 * cut, 2 * cut, 2 * cut)
    points = Rotation.from_euler("ZYZ", sphere_points()).apply(POLE)
    for place, rotation in at_rotations(cut):
        turned = rotation.apply(points)
        at = np.arccos(turned[:, 2]), np.arctan2(turned[:, 1], turned[:, 0])
        values = np.stack([harmonics(f[:cut], *at) for f in functions])
        expected = np.einsum("dcp,cp->d", layer.weight.detach().numpy(), values)
        np.testing.assert_allclose(output[(slice(None), *place)], expected, atol=2e-5)


def test_the_second_correlation_against_its_definition() -> None:
    """The same with Wigner's functions of the products of rotations."""
    bandwidth, cut = 5, 4
    torch.manual_seed(0)
    layer = RotationCorrelation(2, 3, bandwidth, cut)
    x = torch.randn(2, *[2 * bandwidth] * 3)
    table = torch.from_numpy(spherical.analysis_table(bandwidth, cut)).to(torch.complex64)
    coefficients = spherical.analyse_rotations(x[None], table)[0].numpy()
    with torch.no_grad():
        output = layer(x[None])[0]
    degrees = 2 * np.arange(cut) + 1
    for place, rotation in at_rotations(cut):
        turned = (rotation * Rotation.from_euler("ZYZ", rotation_points())).as_euler("ZYZ")
        waves = spherical.wigner(cut, turned).conj()
        values = np.einsum("clmn,plmn,l->cp", coefficients, waves, degrees)
        expected = np.einsum("dcp,cp->d", layer.weight.detach().numpy(), values)
        np.testing.assert_allclose(output[(slice(None), *place)], expected, atol=2e-5)


def test_a_turn_of_the_sphere_about_its_axis_turns_the_features() -> None:
    torch.manual_seed(0)
    layer, x = SphereCorrelation(1, 2, 30, 10), torch.rand(1, 1, 60, 60)
    with torch.no_grad():
        expected = layer(x).roll(1, dims=3)
        torch.testing.assert_close(layer(x.roll(3, dims=3)), expected, atol=1e-5, rtol=1e-4)


def test_the_answer_does_not_depend_on_such_a_turn() -> None:
    torch.manual_seed(0)
    body, x = S2CNNMethod().build_body(spec(3, 60, 60)).eval(), torch.rand(2, 3, 60, 60)
    with torch.no_grad():
        output = body(x)
        torch.testing.assert_close(body(x.roll(15, dims=3)), output, atol=1e-5, rtol=1e-4)
        assert (body(x.roll(15, dims=2)) - output).abs().max() > 1e-3


def test_the_answer_nearly_does_not_depend_on_any_turn() -> None:
    """A smooth function, and the same turned anyhow: the ReLU's overtones are all that differs."""
    torch.manual_seed(0)
    body, function = S2CNNMethod().build_body(spec(1, 60, 60)), np.random.default_rng(0).normal(size=(4, 8))
    beta, alpha = np.meshgrid(spherical.latitudes(30), np.arange(60) * np.pi / 30, indexing="ij")
    places = np.stack([np.sin(beta) * np.cos(alpha), np.sin(beta) * np.sin(alpha), np.cos(beta)], -1)
    seen = Rotation.random(rng=1).inv().apply(places.reshape(-1, 3))
    turned = harmonics(function, np.arccos(seen[:, 2]), np.arctan2(seen[:, 1], seen[:, 0]))
    both = np.stack([harmonics(function, beta, alpha), turned.reshape(60, 60)])[:, None]
    with torch.no_grad():
        one, other = body(torch.from_numpy(both).float())
    assert (one - other).abs().max() < 0.01 * one.abs().max()


def test_the_mean_over_rotations() -> None:
    mean = MeanOverRotations(5)
    beta = torch.from_numpy(spherical.latitudes(5)).float()
    x = (3 + beta.cos() + beta.cos() ** 2)[:, None, None].expand(1, 1, 10, 10, 10)
    torch.testing.assert_close(mean(x), torch.full((1, 1), 3 + 1 / 3))


def test_it_learns_is_saved_and_loads(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(12, 2, 12, 12))
    task = Task.from_arrays(x, np.arange(12) % 3, x[:3], np.arange(3), name="sphere")
    method = {"name": "s2cnn", "bands": [4, 3, 2], "features": [2, 3, 4]}
    run = fit(task, method=method, out=tmp_path, epochs=1, epoch_steps=2, batch_size=6, lr=1e-2)
    inputs = torch.from_numpy(task.train.x)
    with torch.no_grad():
        torch.testing.assert_close(
            SpecialistNet.from_pretrained(tmp_path / "model")(inputs), run.net.eval()(inputs)
        )
    run.net(inputs).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in run.net.parameters())


@pytest.mark.parametrize(
    "shape", [(3, 60), (3, 60, 58), (3, 59, 59), (3, 18, 18)], ids=["a series", "not square", "odd", "small"]
)
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    assert not S2CNNMethod().supports(spec(*shape))
    assert not S2CNNMethod().supports(spec(3, 60, 60, size=(60, 60)))
    assert S2CNNMethod().supports(spec(3, 60, 60))


@pytest.mark.parametrize(
    ("options", "kind", "key"),
    [
        ({"bands": [10]}, "conflict", "method.bands"),
        ({"bands": [], "features": []}, "conflict", "method.bands"),
        ({"bands": [6, 10]}, "value", "method.bands"),
        ({"bands": [6, 0]}, "value", "method.bands"),
        ({"features": [20, 0]}, "value", "method.features"),
    ],
)
def test_wrong_options(options: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]) -> None:
    with refuses(kind, key):
        methods["s2cnn"](**options)
