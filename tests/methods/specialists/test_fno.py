"""The Fourier neural operator: the published layer, any length, any precision; it learns an operator."""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from isthmus import fit
from isthmus.methods import methods
from isthmus.methods.specialists.fno import FourierOperator, append_coordinates, pad, spectral_convolution
from isthmus.tasks import Output, Task


def published_count(channels: int, outputs: int, dimensions: int, modes: int, width: int) -> int:
    """Return the number of parameters of Li et al.'s modules, a complex number counted as two."""
    corners: int = 2 ** (dimensions - 1)
    spectral: int = 2 * corners * width * width * modes**dimensions
    lift = (channels + dimensions) * width + width
    project = width * 128 + 128 + 128 * outputs + outputs
    return lift + 4 * (spectral + width * width + width) + project


@pytest.mark.parametrize(
    ("dimensions", "modes", "width"), [(1, 12, 20), (2, 12, 20), (2, 12, 32), (1, 16, 64)]
)
def test_as_many_parameters_as_published(dimensions: int, modes: int, width: int) -> None:
    net = FourierOperator(3, Output(2, (8,) * dimensions), modes, width)
    expected = published_count(3, 2, dimensions, modes, width)
    assert sum(p.numel() for p in net.parameters()) == expected


def slow_convolution(weight: np.ndarray, v: np.ndarray, modes: int) -> np.ndarray:
    """[i, o, 2 modes, modes], [i, H, W] -> [o, H, W]: the sum over the frequencies kept, one by one."""
    height, width = v.shape[1:]
    rows, columns = np.arange(height)[:, None] / height, np.arange(width) / width
    total = np.zeros((weight.shape[1], height, width))
    for k in range(-modes, modes):
        for q in range(modes):
            wave = np.exp(2j * math.pi * (k * rows + q * columns))
            coefficients = (v * wave.conj()).mean((1, 2)) @ weight[:, :, k + modes, q]
            total += (2 if q else 1) * (coefficients[:, None, None] * wave).real
    return total


@pytest.mark.parametrize("size", [(8, 10), (9, 7), (11, 8)])
def test_the_convolution_multiplies_the_lowest_frequencies(size: tuple[int, ...]) -> None:
    """Odd lengths too, which neuraloperator alone gets wrong."""
    torch.manual_seed(0)
    convolution = spectral_convolution(3, 2, 2)
    v = pad(torch.randn(1, 3, *size))
    weight: Any = convolution.weight
    expected = slow_convolution(weight[:].detach().numpy(), v[0].numpy(), 2)
    np.testing.assert_allclose(convolution(v)[0].detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(5,), (12,), (6, 9)])
def test_more_modes_than_frequencies_are_cut(size: tuple[int, ...]) -> None:
    net = FourierOperator(1, Output(1, size), 12, 4)
    net(torch.randn(2, 1, *size)).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_coordinates_run_from_0_to_1() -> None:
    x = append_coordinates(torch.zeros(2, 1, 3, 5))
    assert x.shape == (2, 3, 3, 5)
    assert x[1, 1, :, 2].tolist() == [0, 0.5, 1]
    assert x[1, 2, 2].tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_a_field_of_another_size_is_resampled() -> None:
    assert FourierOperator(2, Output(3, (10,)), 4, 4)(torch.randn(2, 2, 16)).shape == (2, 3, 10)


def test_half_precision_changes_nothing() -> None:
    net = FourierOperator(1, Output(1, (16,)), 4, 8)
    x = torch.randn(2, 1, 16)
    with torch.autocast("cpu", torch.bfloat16):
        under = net(x)
        halves = net(x.bfloat16())
    assert under.dtype == halves.dtype == torch.float32
    assert torch.equal(under, net(x))
    assert all(p.dtype == torch.float32 for p in net.parameters())  # no complex one: any file can hold them


def derivatives(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Periodic sums of three waves, [n, 1, 64], and their derivatives."""
    rng = np.random.default_rng(seed)
    amplitude, phase = rng.normal(size=(2, n, 3, 1))
    k = np.arange(1, 4)[:, None]
    angle = 2 * math.pi * k * np.arange(64) / 64 + phase
    return (amplitude * np.sin(angle)).sum(1, keepdims=True), (amplitude * k * np.cos(angle)).sum(
        1, keepdims=True
    )


def test_it_learns_a_derivative(tmp_path: Path) -> None:
    task = Task.from_arrays(*derivatives(128, 0), *derivatives(32, 1), kind="regression", name="derivative")
    method = {"name": "fno", "modes": 6, "width": 12}
    run = fit(task, method=method, out=tmp_path, epochs=1, epoch_steps=100, lr=5e-3, precision="bf16")
    assert run.test_error is not None
    assert run.test_error < 0.1  # nRMSE; 1 for the mean


@pytest.mark.parametrize("option", ["modes", "width"])
def test_an_option_out_of_range(option: str, refuses: Callable[..., Any]) -> None:
    with refuses("value", f"method.{option}"):
        methods["fno"](**{option: 0})


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]) -> None:
    monkeypatch.setitem(sys.modules, "neuralop.layers.spectral_convolution", None)
    with refuses("dependency", "neuraloperator"):
        spectral_convolution(2, 2, 1)
