"""Log-mel spectrograms of recordings: against sums written out, and from file to prediction."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.new_samples import read_new_samples
from isthmus.tasks.custom.readers.spectrograms import log_mel

soundfile = pytest.importorskip("soundfile")


def slow_log_mel(sound: np.ndarray, rate: int, bands: int) -> np.ndarray:
    """The same of one channel, written out."""
    length, hop = round(0.025 * rate), round(0.010 * rate)
    top = 2595 * math.log10(1 + rate / 2 / 700)
    edges = [700 * (10 ** (top * i / (bands + 1) / 2595) - 1) for i in range(bands + 2)]
    columns = []
    for start in range(0, len(sound), hop):
        window = np.zeros(length)
        for i in range(length):
            at = start + i - length // 2
            value = sound[at] if 0 <= at < len(sound) else 0.0
            window[i] = value * (0.5 - 0.5 * math.cos(2 * math.pi * i / length))
        energies = np.zeros(bands)
        for k in range(length // 2 + 1):
            wave = np.exp(-2j * math.pi * k * np.arange(length) / length)
            power, frequency = abs(wave @ window) ** 2 / length, k * rate / length
            for band in range(bands):
                low, middle, high = edges[band : band + 3]
                if low < frequency <= middle:
                    energies[band] += power * (frequency - low) / (middle - low)
                elif middle < frequency < high:
                    energies[band] += power * (high - frequency) / (high - middle)
        columns.append(np.log(energies + 1e-6))
    return np.stack(columns, 1)


@settings(max_examples=20)
@given(st.sampled_from([800, 1000, 1601]), st.integers(1, 30), st.integers(4, 6), st.integers(0, 9))
def test_it_is_the_sum_over_triangles(rate: int, points: int, bands: int, seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, points)
    found = log_mel(sound[None], rate, bands)
    np.testing.assert_allclose(found[0], slow_log_mel(sound, rate, bands), rtol=1e-4, atol=1e-4)


def test_a_tone_is_in_its_band() -> None:
    rate, tone = 8000, 1000
    spectrogram = log_mel(np.sin(2 * np.pi * tone * np.arange(rate) / rate)[None], rate, 32)[0]
    top = 2595 * math.log10(1 + rate / 2 / 700)
    expected = 2595 * math.log10(1 + tone / 700) / top * 33 - 1
    assert abs(spectrogram[:, 50].argmax() - expected) < 1


def put(root: Path, lengths: tuple[int, ...], rate: int = 8000) -> None:
    for number, length in enumerate(lengths):
        folder = root / ("high" if number % 2 else "low")
        folder.mkdir(parents=True, exist_ok=True)
        wave = 0.5 * np.sin(2 * np.pi * (800 if number % 2 else 200) * np.arange(length) / rate)
        soundfile.write(folder / f"{number:02}.wav", wave, rate)


def test_recordings_become_pictures_of_one_length(tmp_path: Path) -> None:
    put(tmp_path / "birds", (800, 1600, 1200, 400))
    put(tmp_path / "later", (400, 2400))
    put(tmp_path / "new", (4000, 100))
    task = custom_task(tmp_path / "birds", mel=16, test=tmp_path / "later")
    assert task.input_shape == (1, 16, 20)
    assert task.test.x.shape == (2, 1, 16, 20)
    notes = " ".join(task.origin.understood.notes)
    assert "log-mel spectrograms of 16 bands" in notes
    assert "stretched" not in notes
    silent = task.train.x[:, 0, :, 10:].max((1, 2))  # of the one of 400 points, which has 5 columns
    np.testing.assert_allclose(silent.min(), math.log(1e-6), rtol=1e-6)
    new = read_new_samples(tmp_path / "new", task.origin.description, task.input_shape)
    assert new.x.shape == (2, 1, 16, 20)


def test_what_has_no_spectrogram(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    np.savez(tmp_path / "my.npz", x=np.zeros((4, 9)), y=np.arange(4) % 2)
    with refuses("conflict", "mel"):
        custom_task(tmp_path / "my.npz", mel=16)
    put(tmp_path / "birds", (800, 1600))
    with refuses("file", tmp_path / "birds" / "high" / "01.wav"):
        custom_task(tmp_path / "birds", mel=400)
