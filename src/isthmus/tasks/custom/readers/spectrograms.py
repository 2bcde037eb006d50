"""Log-mel spectrograms of recordings: pictures of bands by times, as networks for sound read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.custom.limits import check_size, needed
from isthmus.tasks.custom.readers.audio import Recordings
from isthmus.tasks.custom.sample_folders import SampleReader

WINDOW, HOP = 0.025, 0.010
"""Seconds of a window, and from one to the next"""
FLOOR = 1e-6
"""Energy that counts as silence; sound lies between -1 and 1"""


@dataclass(frozen=True)
class Spectrograms(SampleReader):
    """Reader of recordings as pictures [C, bands, times] of the log of the energy in mel bands.

    All get the length of the longest; what is shorter ends in silence.

    Attributes:
        recordings: Reader of the sound itself.
        bands: Number of bands.
    """

    recordings: Recordings
    bands: int
    what = "recording"

    def read(self, path: Path) -> np.ndarray:
        """Read a spectrogram [C, bands, times] of its own length."""
        rate = needed("soundfile", "audio", path).info(path).samplerate
        try:
            return log_mel(np.atleast_2d(self.recordings.read(path)), rate, self.bands)
        except ValueError as error:
            raise InputError(f"'{path}': {error}", kind="file", key=path) from None

    def shape_for(self, files: Sequence[Path]) -> tuple[int, ...]:
        """Return the shape of the longest."""
        infos = [needed("soundfile", "audio", file).info(file) for file in files]
        return (infos[0].channels, self.bands, max(times(info.frames, info.samplerate) for info in infos))

    def collect(self, files: Sequence[Path], shape: tuple[int, ...] | None) -> Any:
        """Read the spectrograms of files in one shape: float32 [N, C, bands, times]."""
        found = self.shape_for(files) if shape is None else shape
        check_size(files[0].parent, "spectrograms", [len(files), *found], 4)
        made = np.full((len(files), *found), np.log(FLOOR), np.float32)
        for sample, file in zip(made, files, strict=True):
            spectrogram = self.read(file)[..., : found[-1]]
            if spectrogram.shape[:2] != found[:2]:
                raise InputError(
                    f"'{file}' has {len(spectrogram)} channels, and the others have {found[0]}",
                    kind="file",
                    key=file,
                )
            sample[..., : spectrogram.shape[-1]] = spectrogram
        return made

    def notes(self, files: Sequence[Path]) -> tuple[str, ...]:
        """Return what is done where lengths differ; rates may, as bands are of frequencies."""
        longest = self.shape_for(files)[-1] * HOP
        return (
            f"recordings become log-mel spectrograms of {self.bands} bands, a column for each 10 ms; those"
            f" shorter than {longest:.2f} s end in silence",
        )


def log_mel(sound: np.ndarray, rate: int, bands: int) -> np.ndarray:
    """Compute the log of the energy in mel bands from 0 to half the sampling rate: float32 [C, bands, T].

    Windows of 25 ms (Hann) every 10 ms, the first one centred on the first point; triangles on the mel scale
    2595 log10(1 + f / 700) (O'Shaughnessy 1987), each of height 1.

    Args:
        sound: Sound [C, L].
        rate: Points a second.
        bands: Number of bands.

    Raises:
        ValueError: If a band would hold no frequency.
    """
    length, hop = max(2, round(WINDOW * rate)), max(1, round(HOP * rate))
    padded = np.pad(sound.astype(np.float64), ((0, 0), (length // 2, length)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length, axis=1)[:, ::hop]
    frames = frames[:, : times(sound.shape[1], rate)] * np.hanning(length + 1)[:-1]
    energy = np.abs(np.fft.rfft(frames, axis=-1)) ** 2 / length
    logs: np.ndarray = np.log(energy @ _triangles(rate, length, bands) + FLOOR).astype(np.float32)
    return logs.swapaxes(1, 2)


def times(points: int, rate: int) -> int:
    """Return the number of columns of a spectrogram."""
    return -(-points // max(1, round(HOP * rate)))


@cache
def _triangles(rate: int, length: int, bands: int) -> np.ndarray:
    """Return the weight of each frequency of a window in each band, [length // 2 + 1, bands]."""
    frequencies = np.fft.rfftfreq(length, 1 / rate)
    highest = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, highest, bands + 2) / 2595) - 1)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies[:, None] - low) / (middle - low)
    falling = (high - frequencies[:, None]) / (high - middle)
    weights: np.ndarray = np.clip(np.minimum(rising, falling), 0, None)
    if not weights.any(0).all():
        raise ValueError(f"{bands} mel bands are too many for {rate} points a second; give fewer with --mel")
    return weights
