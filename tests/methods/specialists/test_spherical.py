"""Wigner's functions and Fourier transforms on the sphere and the rotations."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scipy.special import eval_legendre

from isthmus.methods.specialists import spherical

BETA = np.array([0.0, 0.3, 1.2, 2.9, np.pi])


def complex64(table: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(table).to(torch.complex64)


def test_small_wigner_functions_in_closed_form() -> None:
    table = spherical.wigner_d(2, BETA)
    cos, sin, root = np.cos(BETA), np.sin(BETA), np.sqrt(2)
    rows = [
        [(1 + cos) / 2, sin / root, (1 - cos) / 2],
        [-sin / root, cos, sin / root],
        [(1 - cos) / 2, -sin / root, (1 + cos) / 2],
    ]
    np.testing.assert_allclose(table[:, 1], np.moveaxis(np.array(rows), -1, 0), atol=1e-14)
    np.testing.assert_allclose(table[:, 0], np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])[None].repeat(5, 0))


def test_the_middle_is_legendre_polynomials() -> None:
    bandwidth = 30
    table = spherical.wigner_d(bandwidth, BETA)[:, :, bandwidth - 1, bandwidth - 1]
    expected = eval_legendre(np.arange(bandwidth), np.cos(BETA)[:, None])
    np.testing.assert_allclose(table, expected, atol=1e-12)


def test_wigner_matrices_multiply_as_rotations_do() -> None:
    first, second = Rotation.random(2, rng=0)
    angles = np.array([r.as_euler("ZYZ") for r in (first, second, first * second)])
    one, two, both = spherical.wigner(5, angles)
    np.testing.assert_allclose(one @ two, both, atol=1e-12)


@pytest.mark.parametrize("bandwidth", [1, 2, 7, 30])
def test_the_weights_give_means_over_the_sphere(bandwidth: int) -> None:
    weights, cos = spherical.latitude_weights(bandwidth), np.cos(spherical.latitudes(bandwidth))
    powers = np.arange(2 * bandwidth)
    expected = np.where(powers % 2, 0, 1 / (powers + 1))
    np.testing.assert_allclose(weights @ cos[:, None] ** powers, expected, atol=1e-12)


@pytest.mark.parametrize("samples", [4, 7])
def test_analysis_undoes_synthesis(samples: int) -> None:
    """Of a real function of bandwidth 4, also from more samples than it needs."""
    bandwidth, generator = 4, torch.Generator().manual_seed(0)
    table = complex64(spherical.analysis_table(bandwidth, bandwidth))
    noise = torch.randn(2, 3, 8, 8, 8, generator=generator)
    coefficients = spherical.analyse_rotations(noise, table)
    degrees = 2 * np.arange(bandwidth) + 1
    finer = spherical.wigner_d(bandwidth, spherical.latitudes(samples)) * degrees[:, None, None]
    pad = samples - bandwidth
    waves = torch.einsum("bclmn,jlmn->bcjmn", coefficients, complex64(finer))
    waves = torch.nn.functional.pad(waves, (pad + 1, pad, pad + 1, pad))
    signal = torch.fft.ifft2(torch.fft.ifftshift(waves, dim=(-2, -1)), norm="forward")
    assert signal.imag.abs().max() < 1e-5
    table = complex64(spherical.analysis_table(samples, bandwidth))
    torch.testing.assert_close(spherical.analyse_rotations(signal.real, table), coefficients)
    if samples == bandwidth:
        again = spherical.synthesise_rotations(coefficients, complex64(spherical.synthesis_table(bandwidth)))
        torch.testing.assert_close(again, signal.real)
