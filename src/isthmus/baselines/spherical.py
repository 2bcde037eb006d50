"""Fourier transforms on the sphere and on the group of rotations, as far as bandwidth B.

A function on the sphere is sampled at latitudes beta_j = pi (2 j + 1) / 4 B and longitudes alpha_k = pi k /
B, one on the rotations (ZYZ angles alpha, beta, gamma) at these beta and alpha, and at gamma as at alpha.
With Wigner's functions D^l_mn = exp(-i m alpha) d^l_mn(beta) exp(-i n gamma), and all rotations together of
measure 1,

    F^l_mn = integral of F D^l_mn,    F = sum over l < B of (2 l + 1) sum over m, n of F^l_mn conj(D^l_mn).

The sphere is the case n = 0. Coefficients are complex, [..., B, 2 B - 1, 2 B - 1] by degree l and orders m, n
from 1 - B to B - 1, zero where an order is beyond its degree.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def latitudes(bandwidth: int) -> np.ndarray:
    """beta: [2 B]"""
    return math.pi * (2 * np.arange(2 * bandwidth) + 1) / (4 * bandwidth)


def latitude_weights(bandwidth: int) -> np.ndarray:
    """Weights of the latitudes for the mean over the sphere (Driscoll and Healy, 1994): [2 B], of sum 1."""
    beta, odd = latitudes(bandwidth), 2 * np.arange(bandwidth) + 1
    waves = (np.sin(beta[:, None] * odd) / odd).sum(1)
    return 2 / bandwidth * np.sin(beta) * waves / 2


def wigner_d(bandwidth: int, beta: np.ndarray) -> np.ndarray:
    """d^l_mn(beta) for l < B: [len(beta), B, 2 B - 1, 2 B - 1]

    d^l(beta) = exp(-i beta J_y), by the eigenvectors of J_y, whose eigenvalues are -l ... l.
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
    """D^l_mn of rotations [P, 3], angles alpha, beta, gamma: complex [P, B, 2 B - 1, 2 B - 1]"""
    alpha, beta, gamma = angles.T
    orders = np.arange(1 - bandwidth, bandwidth)
    of_alpha, of_gamma = (np.exp(-1j * angle[:, None] * orders) for angle in (alpha, gamma))
    return of_alpha[:, None, :, None] * wigner_d(bandwidth, beta) * of_gamma[:, None, None, :]


def analysis_table(samples: int, bandwidth: int) -> np.ndarray:
    """d^l_mn for l < B at the latitudes of samples of bandwidth b, by their weights: [2 b, B, m, n]

    Args:
        samples: b.
        bandwidth: B.
    """
    weights = latitude_weights(samples)[:, None, None, None]
    return weights * wigner_d(bandwidth, latitudes(samples))


def synthesis_table(bandwidth: int) -> np.ndarray:
    """(2 l + 1) d^l_mn at the latitudes: [2 B, B, m, n]"""
    degrees = 2 * np.arange(bandwidth) + 1
    return degrees[:, None, None] * wigner_d(bandwidth, latitudes(bandwidth))


def analyse_sphere(x: Tensor, table: Tensor) -> Tensor:
    """[B, C, 2 b, 2 b] by latitude and longitude -> [B, C, l, m]

    Args:
        x: samples.
        table: complex, of `analysis_table`, at n = 0: [2 b, l, m]
    """
    waves = _central(torch.fft.fft(x, norm="forward"), table.shape[-1], 1)
    return torch.einsum("bcjm,jlm->bclm", waves, table)


def analyse_rotations(x: Tensor, table: Tensor) -> Tensor:
    """[B, C, 2 b, 2 b, 2 b] by beta, alpha and gamma -> [B, C, l, m, n]

    Args:
        x: samples.
        table: complex, of `analysis_table`.
    """
    waves = _central(torch.fft.fft2(x, norm="forward"), table.shape[-1], 2)
    return torch.einsum("bcjmn,jlmn->bclmn", waves, table)


def synthesise_rotations(coefficients: Tensor, table: Tensor) -> Tensor:
    """[B, C, l, m, n] -> [B, C, 2 b, 2 b, 2 b], the real part

    Args:
        coefficients: of bandwidth b.
        table: complex, of `synthesis_table`.
    """
    waves = torch.einsum("bclmn,jlmn->bcjmn", coefficients, table)
    waves = torch.fft.ifftshift(F.pad(waves, (1, 0, 1, 0)), dim=(-2, -1))
    return torch.fft.ifft2(waves, norm="forward").real


def _central(waves: Tensor, orders: int, axes: int) -> Tensor:
    """The lowest orders, from the negative to the positive ones, of the last axes."""
    last = tuple(range(-axes, 0))
    waves = torch.fft.fftshift(waves, dim=last)
    for axis in last:
        waves = waves.narrow(axis, waves.shape[axis] // 2 - orders // 2, orders)
    return waves
