"""Mel spectrograms of sound, as FSD50K's baseline takes them (Fonseca et al., 2022, section V)."""

import numpy as np
import torch
from torch import Tensor

RATE = 22_050
WINDOW, HOP, POINTS = 661, 220, 1_920
"""30 ms, 10 ms, and the length of the Fourier transform"""
BANDS = 96
RANGE = 80.0
"""decibels below the loudest that are kept"""


def mel_decibels(sound: Tensor) -> Tensor:
    """Power in 96 mel bands, in decibels about its mean: [B, T] at 22,050 Hz -> [B, 96, 1 + T // 220]."""
    window = torch.hann_window(WINDOW)
    spectrum = torch.stft(sound, POINTS, HOP, WINDOW, window, pad_mode="reflect", return_complex=True)
    power = torch.from_numpy(mel_filters()) @ spectrum.abs().square()
    decibels = 10 * power.clamp(min=1e-10).log10()
    loudest = decibels.amax((1, 2), keepdim=True)
    kept = decibels.maximum(loudest - RANGE)
    return kept - kept.mean((1, 2), keepdim=True)


def mel_filters() -> np.ndarray:
    """Triangles at equal distances on the mel scale 2595 log10(1 + f / 700), height 1: [96, 961]."""
    top = 2595 * np.log10(1 + RATE // 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    frequency = np.linspace(0, RATE // 2, POINTS // 2 + 1)
    rising = (frequency - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - frequency) / np.diff(corners)[1:, None]
    return np.minimum(rising, falling).clip(0).astype(np.float32)
