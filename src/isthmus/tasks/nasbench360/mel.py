"""Mel spectrograms of sound, as FSD50K's baseline computes them (Fonseca et al., 2022, section V)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

RATE = 22_050
WINDOW, HOP, POINTS = 661, 220, 1_920
"""Window of 30 ms, hop of 10 ms, and length of the Fourier transform"""
BANDS = 96
RANGE = 80.0
"""Decibels below the loudest point; quieter points are raised to it"""


def mel_decibels(sound: Tensor) -> Tensor:
    """Compute centred decibels of power in 96 mel bands: [B, T] at 22,050 Hz -> [B, 96, 1 + T // 220]."""
    import torch

    window = torch.hann_window(WINDOW)
    spectrum = torch.stft(sound, POINTS, HOP, WINDOW, window, pad_mode="reflect", return_complex=True)
    power = torch.from_numpy(mel_filters()) @ spectrum.abs().square()
    decibels = 10 * power.clamp(min=1e-10).log10()
    loudest = decibels.amax((1, 2), keepdim=True)
    kept = decibels.maximum(loudest - RANGE)
    return kept - kept.mean((1, 2), keepdim=True)


def mel_filters() -> np.ndarray:
    """Return triangles of height 1, equally spaced on the mel scale 2595 log10(1 + f / 700): [96, 961]."""
    top = 2595 * np.log10(1 + RATE // 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    frequency = np.linspace(0, RATE // 2, POINTS // 2 + 1)
    rising = (frequency - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - frequency) / np.diff(corners)[1:, None]
    return np.minimum(rising, falling).clip(0).astype(np.float32)
