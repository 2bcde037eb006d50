"""`.edf`, `.bdf`, `.gdf`, `.fif`, `.vhdr`, `.set`: recordings and epochs, read by MNE."""

from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats
from isthmus.tasks.custom.limits import check_size, needed
from isthmus.tasks.custom.sample_folders import SampleReader, sample_formats

SUFFIXES = (".edf", ".bdf", ".gdf", ".fif", ".fif.gz", ".vhdr", ".set")
SHARE = 0.9
"""Part of the annotated pieces that must have one length for the others to be left out"""


def read_recording(path: Path) -> Arrays:
    """Read the annotated pieces of a recording as `x`, their annotations as `y`; or epochs and their events.

    The whole recording is there too: `signals` [T, C], `annotation` [T] (empty text where there is none).

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, or what reads it is not installed.
    """
    mne = needed("mne", "eeg", path)
    with reading(path, "a recording"), mne.utils.use_log_level("ERROR"):
        if path.name.lower().endswith(("-epo.fif", "_epo.fif", "-epo.fif.gz", "_epo.fif.gz")):
            return _epochs(path, mne.read_epochs(path, preload=True))
        raw = mne.io.read_raw(path, preload=False)
        check_size(path, "signals", [raw.n_times, len(raw.ch_names)], 8)
        return _annotated(path, raw)


def _epochs(path: Path, epochs: Any) -> Arrays:
    """Return epochs [N, C, L] and the names of their events."""
    names = {code: name for name, code in epochs.event_id.items()}
    arrays = {"x": epochs.get_data(copy=False), "y": np.array([names[code] for code in epochs.events[:, 2]])}
    return Arrays(path, tuple(arrays), arrays.__getitem__, ("y is the event of each epoch",))


def _annotated(path: Path, raw: Any) -> Arrays:
    """Return the pieces of a recording that are annotated, of one length or a list, and the whole of it."""
    rate, first = raw.info["sfreq"], raw.first_time if raw.annotations.orig_time is not None else 0.0
    pieces = [
        (round((one["onset"] - first) * rate), round(one["duration"] * rate), str(one["description"]))
        for one in raw.annotations
        if one["duration"] * rate >= 2 and not str(one["description"]).upper().startswith("BAD")
    ]
    pieces = [piece for piece in pieces if piece[0] >= 0 and piece[0] + piece[1] <= raw.n_times]
    notes = [
        f"channels are {', '.join(raw.ch_names[:8])}{', ...' if len(raw.ch_names) > 8 else ''} at {rate:g} Hz"
    ]
    lengths = [length for _, length, _ in pieces]
    if lengths:
        usual = max(set(lengths), key=lengths.count)
        whole = all(length % usual == 0 for length in lengths)
        if whole and len(set(lengths)) > 1:  # a stage of sleep that lasts for several epochs
            pieces = [
                (start + usual * k, usual, label)
                for start, length, label in pieces
                for k in range(length // usual)
            ]
        elif lengths.count(usual) >= SHARE * len(lengths) and len(set(lengths)) > 1:
            pieces = [piece for piece in pieces if piece[1] == usual]
            notes.append(f"{len(lengths) - len(pieces)} pieces of other lengths are left out")
        notes.append(
            f"x is cut at the annotations: {len(pieces)} pieces, the usual one of {usual / rate:g} s"
        )

    def read(name: str) -> Any:
        with reading(path, "a recording"):
            if name == "y":
                return np.array([label for _, _, label in pieces])
            if name == "annotation":
                labels = np.full(raw.n_times, "", dtype=f"U{max(len(label) for *_, label in pieces)}")
                for start, length, label in pieces:
                    labels[start : start + length] = label
                return labels
            if name == "signals":
                return raw.get_data(verbose="ERROR").T
            parts = [raw.get_data(start=start, stop=start + n, verbose="ERROR") for start, n, _ in pieces]
        return np.stack(parts) if len({part.shape for part in parts}) == 1 else parts

    names = ("x", "y", "signals", "annotation") if pieces else ("signals",)
    return Recording(path, names, read, tuple(notes))


class Recording(Arrays):
    """Annotated pieces `x`, `y`, and the whole recording `signals`, `annotation`."""

    def default_x(self, y: Any) -> str:
        """Return `x`."""
        return "x"

    def default_y(self) -> str:
        """Return `y`.

        Raises:
            InputError: If nothing is annotated.
        """
        if "y" not in self.names:
            raise InputError(
                f"'{self.path}' holds no annotations that last; put files of one class each into a folder, "
                "or save windows and their labels",
                kind="missing",
                key="y",
            )
        return "y"

    def check_missing(self, name: str, values: Any) -> None:
        """Refuse missing values, but for points in time without an annotation."""
        if name != "annotation":
            super().check_missing(name, values)


class RecordingFiles(SampleReader):
    """Reader of whole recordings."""

    what = "recording"

    def read(self, path: Path) -> np.ndarray:
        """Read [C, L], in volts."""
        signals: np.ndarray = read_recording(path).take("signals")
        return np.ascontiguousarray(signals.T)


FILES = RecordingFiles()
for suffix in SUFFIXES:
    formats.register(suffix)(read_recording)
    sample_formats.register(suffix)(FILES)
