"""`.hea`: records of PhysioNet, read by wfdb: heart beats of one record, or records with `REFERENCE.csv`."""

from pathlib import Path
from typing import Any

import numpy as np

from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats
from isthmus.tasks.custom.limits import check_fits, needed
from isthmus.tasks.custom.sample_folders import SampleReader, sample_formats

ANNOTATIONS = (".atr", ".qrs", ".ecg", ".ari")
"""Suffixes of files of annotations, in the order in which they are looked for"""
NO_BEATS = frozenset(
    {
        "+",
        "~",
        "|",
        '"',
        "[",
        "]",
        "!",
        "x",
        "(",
        ")",
        "p",
        "t",
        "u",
        "`",
        "'",
        "^",
        "s",
        "T",
        "*",
        "D",
        "=",
        "@",
    }
)
"""Annotations that are not of a beat"""


@formats.register(".hea")
def read_record(path: Path) -> Arrays:
    """Read the annotated beats of a record as `x`, their annotations `y`, and all of it as `signals` [T, C].

    A beat is the piece around its annotation that is as long as the median distance of two.

    Args:
        path: Path of the header; the files of signals and annotations lie beside it.

    Raises:
        InputError: If the record is damaged, has no annotations, or what reads it is not installed.
    """
    wfdb = needed("wfdb", "wfdb", path)
    signals, rate = _signals(path)
    beside = [path.with_suffix(suffix) for suffix in ANNOTATIONS if path.with_suffix(suffix).is_file()]
    if not beside:
        return Arrays(path, ("signals",), {"signals": signals}.__getitem__, ("it has no annotations",))
    with reading(beside[0], "annotations"):
        found = wfdb.rdann(str(path.with_suffix("")), beside[0].suffix[1:])
        beats = [
            (int(at), str(s)) for at, s in zip(found.sample, found.symbol, strict=True) if s not in NO_BEATS
        ]
        if len(beats) < 2:
            raise ValueError("it holds fewer than two beats")
    places = np.array([at for at, _ in beats])
    length = max(2, int(np.median(np.diff(places))))
    kept = [(at - length // 2, symbol) for at, symbol in beats]
    kept = [(start, symbol) for start, symbol in kept if start >= 0 and start + length <= len(signals)]
    arrays = {
        "x": np.stack([signals[start : start + length].T for start, _ in kept]),
        "y": np.array([symbol for _, symbol in kept]),
        "signals": signals,
    }
    notes = (
        f"x is {len(kept)} beats of {length / rate:.3g} s around their annotations in '{beside[0].name}'",
    )
    return Arrays(path, tuple(arrays), _pick(arrays), notes)


def _pick(arrays: dict[str, np.ndarray]) -> Any:
    """Return the reader of named arrays."""
    return arrays.__getitem__


def _signals(path: Path) -> tuple[np.ndarray, float]:
    """Read signals [T, C] in physical units, and their sampling rate.

    Raises:
        InputError: If the record asks for a file of another folder, is damaged, or is larger than its files.
    """
    wfdb = needed("wfdb", "wfdb", path)
    with reading(path, "a record"):
        header = wfdb.rdheader(str(path.with_suffix("")))
        names = {name for name in getattr(header, "file_name", None) or () if name}
        if any(Path(name).name != name for name in names):
            raise ValueError("it asks for a file of another folder")
        held = sum((path.parent / name).stat().st_size for name in names)
        if names and (header.sig_len or 0) * header.n_sig > 16 * max(1, held):
            raise ValueError(f"it declares {header.sig_len} points of {header.n_sig} signals in {held} bytes")
        check_fits(path, "signals", [header.sig_len or 0, header.n_sig], 8)
        record = wfdb.rdrecord(str(path.with_suffix("")))
        if record.p_signal is None:
            raise ValueError("it holds no signals")
    return np.asarray(record.p_signal), float(record.fs)


class Records(SampleReader):
    """Reader of whole records."""

    what = "record"

    def read(self, path: Path) -> np.ndarray:
        """Read [C, L] in physical units."""
        return np.ascontiguousarray(_signals(path)[0].T)


sample_formats.register(".hea")(Records())
