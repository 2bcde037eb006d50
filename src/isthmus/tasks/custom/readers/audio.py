"""Recordings in class folders: `.wav`, `.flac`, `.ogg`, `.mp3`, `.aiff`, read by soundfile."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Contents, formats
from isthmus.tasks.custom.limits import check_size, needed
from isthmus.tasks.custom.sample_folders import SampleReader, sample_formats

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")


class Recordings(SampleReader):
    """Reader of sound as it is sampled."""

    what = "recording"

    def read(self, path: Path) -> np.ndarray:
        """Read float32 [L] of one channel, or [C, L]; values are -1 to 1."""
        soundfile = needed("soundfile", "audio", path)
        with reading(path, "a recording"):
            info = soundfile.info(path)
            check_size(path, "sound", [info.frames, info.channels], 4)
            sound: np.ndarray = soundfile.read(path, dtype="float32", always_2d=True)[0]
            if not sound.size:
                raise ValueError("it is empty")
        return sound[:, 0] if sound.shape[1] == 1 else np.ascontiguousarray(sound.T)

    def notes(self, files: Sequence[Path]) -> tuple[str, ...]:
        """Return what is done where lengths, rates or channels differ.

        Raises:
            InputError: If some recordings have more channels than others.
        """
        soundfile = needed("soundfile", "audio", files[0])
        infos = []
        for file in files:
            with reading(file, "a recording"):
                infos.append(soundfile.info(file))
        rates, channels = ({getattr(info, name) for info in infos} for name in ("samplerate", "channels"))
        if len(channels) > 1:
            odd = next(f for f, info in zip(files, infos, strict=True) if info.channels != infos[0].channels)
            raise InputError(
                f"'{odd}' has another number of channels than '{files[0]}'; make all recordings mono, or all "
                "stereo",
                kind="file",
                key=odd,
            )
        told = []
        if len(rates) > 1:
            rate_text = " and ".join(map(str, sorted(rates)[:4]))
            told.append(f"recordings have different sampling rates, {rate_text} Hz; resample them to one")
        lengths = sorted({info.frames for info in infos})
        if len(lengths) > 1:
            told.append(
                f"recordings of {lengths[0]} to {lengths[-1]} points are stretched to the longest; cut them "
                "to one length to keep their pitch"
            )
        return tuple(told)

    def spectrograms(self, bands: int) -> SampleReader:
        """Return a reader of the same recordings as log-mel spectrograms [C, bands, times]."""
        from isthmus.tasks.custom.readers.spectrograms import Spectrograms

        return Spectrograms(self, bands)


RECORDINGS = Recordings()


def refuse_single(path: Path) -> Contents:
    """Refuse a single recording.

    Raises:
        InputError: Always; says what would be right.
    """
    raise InputError(
        f"'{path}' is a single recording; give the folder in which each class has a folder of recordings "
        "(they are read with isthmus[audio])",
        kind="file",
        key=path,
    )


for suffix in SUFFIXES:
    sample_formats.register(suffix)(RECORDINGS)
    formats.register(suffix)(refuse_single)
