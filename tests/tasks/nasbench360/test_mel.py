"""Mel spectrograms, against Fourier sums written out."""

import numpy as np
import pytest
import torch

from isthmus.tasks.nasbench360.fsd50k import fitted, windows
from isthmus.tasks.nasbench360.mel import mel_decibels, mel_filters


def test_against_the_definition() -> None:
    sound = np.random.default_rng(0).normal(size=2_500)
    found = mel_decibels(torch.from_numpy(sound.astype(np.float32))[None])[0].numpy()
    padded = np.pad(sound, 960, mode="reflect")
    window = np.zeros(1920)
    window[629 : 629 + 661] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(661) / 661)
    frames = [np.abs(np.fft.rfft(padded[s : s + 1920] * window)) ** 2 for s in range(0, 2_501, 220)]
    decibels = 10 * np.log10(np.maximum(mel_filters() @ np.array(frames).T, 1e-10))
    decibels = np.maximum(decibels, decibels.max() - 80)
    assert found.shape == (96, 12)
    np.testing.assert_allclose(found, decibels - decibels.mean(), atol=1e-2)


def test_a_tone_is_loudest_in_the_band_around_it() -> None:
    filters, frequency = mel_filters(), np.linspace(0, 11025, 961)
    for hertz in (440, 2000, 8000):
        tone = torch.sin(2 * torch.pi * hertz * torch.arange(22050) / 22050)[None]
        band = mel_decibels(tone)[0].mean(1).argmax()
        centre = (filters[band] * frequency).sum() / filters[band].sum()
        assert centre == pytest.approx(hertz, rel=0.06)


def test_quiet_is_cut_off_and_the_mean_is_zero() -> None:
    sound = torch.zeros(1, 22050)
    sound[0, 5000:6000] = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    found = mel_decibels(sound)
    assert found.shape == (1, 96, 101)
    assert found.mean().abs() < 1e-3
    assert found.max() - found.min() == pytest.approx(80, abs=1e-3)


@pytest.mark.parametrize("frames", [1, 101, 102, 103, 250])
def test_chunks_are_brought_to_their_length(frames: int) -> None:
    given = np.random.default_rng(0).normal(size=(96, frames))
    found = fitted(given)
    assert found.shape == (96, 102)
    if frames <= 102:
        start = (102 - frames) // 2
        np.testing.assert_array_equal(found[:, start : start + frames], given)
        assert (np.delete(found, np.s_[start : start + frames], 1) == given.min()).all()
    else:
        start = (frames - 102) // 2
        np.testing.assert_array_equal(found, given[:, start : start + 102])


def test_noise_is_cut_into_windows() -> None:
    given = np.random.default_rng(0).normal(size=(96, 250))
    np.testing.assert_array_equal(windows(given), [given[:, :102], given[:, 102:204]])
    np.testing.assert_array_equal(windows(given[:, :30]), [fitted(given[:, :30])])
