"""Fourier transforms on the sphere and on the group of rotations, up to bandwidth B.

A function on the sphere is sampled at latitudes beta_j = pi (2 j + 1) / 4 B and longitudes alpha_k = pi k /
B, a function on the rotations (ZYZ angles alpha, beta, gamma) at these beta and alpha, and at gamma equal to
the alpha. With Wigner's functions D^l_mn = exp(-i m alpha) d^l_mn(beta) exp(-i n gamma), and the measure of
all rotations set to 1,

    F^l_mn = integral of F D^l_mn,    F = sum over l < B of (2 l + 1) sum over m, n of F^l_mn conj(D^l_mn).

The sphere is the case n = 0. Coefficients are complex, [..., B, 2 B - 1, 2 B - 1] by degree l and orders m, n
from 1 - B to B - 1, zero where an order exceeds its degree.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def latitudes(bandwidth: int) -> np.ndarray:
    """Return the latitudes beta: [2 B]."""
    beta: np.ndarray = math.pi * (2 * np.arange(2 * bandwidth) + 1) / (4 * bandwidth)
    return beta


def latitude_weights(bandwidth: int) -> np.ndarray:
    """Compute weights of the latitudes for the mean over the sphere (Driscoll and Healy, 1994).

    They have shape [2 B] and the sum 1.
    """
    beta, odd = latitudes(bandwidth), 2 * np.arange(bandwidth) + 1
    waves = (np.sin(beta[:, None] * odd) / odd).sum(1)
    weights: np.ndarray = 2 / bandwidth * np.sin(beta) * waves / 2
    return weights


def wigner_d(bandwidth: int, beta: np.ndarray) -> np.ndarray:
    """Compute d^l_mn(beta) for l < B: [len(beta), B, 2 B - 1, 2 B - 1].

    d^l(beta) = exp(-i beta J_y) is computed from the eigenvectors of J_y, whose eigenvalues are -l ... l.
    """
    table = np.zeros((len(beta), bandwidth, 2 * bandwidth - 1, 2 * bandwidth - 1))
    for degree in range(bandwidth):
        order = np.arange(-degree, degree)
        raising = np.sqrt(degree * (degree + 1) - order * (order + 1)) / 2j
        _, vectors = np.linalg.eigh(np.diag(raising, -1) + np.diag(raising.conj(), 1))
        turned = np.exp(-1j * beta[:, None] * np.arange(-degree, degree + 1))
        inside = slice(bandwidth - 1 - degree, bandwidth + degree)
        table[:, degree, inside, inside] = np.einsum(
            "mk,jk,nk->jmn", vectors, turned, vectors.conj(), optimize=True
        ).real
    return table


def wigner(bandwidth: int, angles: np.ndarray) -> np.ndarray:
    """Compute D^l_mn of rotations [P, 3] (angles alpha, beta, gamma): complex [P, B, 2 B - 1, 2 B - 1]."""
    alpha, beta, gamma = angles.T
    orders = np.arange(1 - bandwidth, bandwidth)
    phases_alpha, phases_gamma = (np.exp(-1j * angle[:, None] * orders) for angle in (alpha, gamma))
    table: np.ndarray = phases_alpha[:, None, :, None] * wigner_d(bandwidth, beta)
    return np.asarray(table * phases_gamma[:, None, None, :])


def analysis_table(samples: int, bandwidth: int) -> np.ndarray:
    """Compute weighted d^l_mn for l < B at the latitudes of samples of bandwidth b: [2 b, B, m, n].

    Args:
        samples: Bandwidth of the samples, b.
        bandwidth: Bandwidth of the coefficients, B.
    """
    weights = latitude_weights(samples)[:, None, None, None]
    table: np.ndarray = weights * wigner_d(bandwidth, latitudes(samples))
    return table


def synthesis_table(bandwidth: int) -> np.ndarray:
    """Compute (2 l + 1) d^l_mn at the latitudes: [2 B, B, m, n]."""
    degrees = 2 * np.arange(bandwidth) + 1
    table: np.ndarray = degrees[:, None, None] * wigner_d(bandwidth, latitudes(bandwidth))
    return table


def analyse_sphere(x: Tensor, table: Tensor) -> Tensor:
    """Compute the coefficients [B, C, l, m] of functions on the sphere.

    Args:
        x: Samples [B, C, 2 b, 2 b] by latitude and longitude.
        table: Complex table of `analysis_table` at n = 0: [2 b, l, m].
    """
    waves = _lowest_orders(torch.fft.fft(x, norm="forward"), table.shape[-1], 1)
    return torch.einsum("bcjm,jlm->bclm", waves, table)


def analyse_rotations(x: Tensor, table: Tensor) -> Tensor:
    """Compute the coefficients [B, C, l, m, n] of functions on the rotations.

    Args:
        x: Samples [B, C, 2 b, 2 b, 2 b] by beta, alpha and gamma.
        table: Complex table of `analysis_table`.
    """
    waves = _lowest_orders(torch.fft.fft2(x, norm="forward"), table.shape[-1], 2)
    return torch.einsum("bcjmn,jlmn->bclmn", waves, table)


def synthesise_rotations(coefficients: Tensor, table: Tensor) -> Tensor:
    """Compute the real part of functions on the rotations: [B, C, 2 b, 2 b, 2 b] by beta, alpha and gamma.

    Args:
        coefficients: Coefficients [B, C, l, m, n] of bandwidth b.
        table: Complex table of `synthesis_table`.
    """
    waves = torch.einsum("bclmn,jlmn->bcjmn", coefficients, table)
    waves = torch.fft.ifftshift(F.pad(waves, (1, 0, 1, 0)), dim=(-2, -1))
    signal: Tensor = torch.fft.ifft2(waves, norm="forward").real
    return signal


def _lowest_orders(waves: Tensor, orders: int, axes: int) -> Tensor:
    """Keep the lowest orders of the last axes, sorted from negative to positive."""
    last = tuple(range(-axes, 0))
    waves = torch.fft.fftshift(waves, dim=last)
    for axis in last:
        waves = waves.narrow(axis, waves.shape[axis] // 2 - orders // 2, orders)
    return waves
