"""PSICOV: how far apart the residues of a protein are; trained on DeepCov's proteins, tested on PSICOV's.

The 57 channels are secondary structure, sequence profile, solvent accessibility and entropy of both residues
of a pair, and three predictions of contact. Maps lie in the upper left of 512 x 512 after a border of 5; of a
longer protein, the first residues that fit are used. Distances are 1 to 16 angstrom, as in the published
training; the metric reads none above 8. The first 100 proteins of DeepCov are for validation. Features are
stored residue by residue, without the border and without repeating them for each pair.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.archives import Archive, open_archive
from isthmus.store.npy import NpyStream
from isthmus.store.reading import as_array, entry
from isthmus.store.unpickle import unpickle
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.nasbench360.common import BENCHMARK, BUCKET, LISTED_SIZE, MIRROR, PARTS
from isthmus.tasks.problem_types import Output
from isthmus.tasks.stored import make_task, published_reading, stored
from isthmus.tasks.task import Split, Task

ARCHIVE = "protein.zip"
HELD_OUT = 100 / 3456
SIZE, BORDER, CHANNELS = 512, 5, 57
FARTHEST = 16.0
LINE = {"ss": 3, "pssm": 22, "sa": 1, "entropy": 1}
"""Features of a residue, and how many numbers each has"""
PAIR = ("ccmpred", "freecon", "potential")
"""Features of a pair of residues; its distance is stored after them"""


def prepare(folder: Path, writer: Writer) -> None:
    """Read a zip of lists of proteins, with a pickled dict of features and a `.npy` of distances for each."""
    with open_archive(folder / ARCHIVE) as archive:
        names = _listed(archive, "deepcov")
        first = max(1, round(HELD_OUT * len(names)))
        for part, group, chosen in (
            ("validation", "deepcov", names[:first]),
            ("train", "deepcov", names[first:]),
            ("test", "psicov", _listed(archive, "psicov")),
        ):
            for name in chosen:
                line, pair = _protein(archive, group, name)
                writer.add(f"{part}_length", np.array([len(line)]), name)
                writer.add(f"{part}_line", line, name)
                writer.add(f"{part}_pair", pair.reshape(-1, len(PAIR) + 1), name)


def _listed(archive: Archive, group: str) -> list[str]:
    """Read the names in a list: the first word of each line."""
    text = archive.read(f"{group}.lst").decode("utf-8", "replace")
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def _protein(archive: Archive, group: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Read features of residues [L, 27] and of pairs, with distances, [L, L, 4]."""
    path = f"{group}/features/{name}.pkl"
    place = archive.place(path)
    with archive.open(path) as file:
        features = unpickle(file, place)
    length = len(entry(features, "seq", place))
    line = [as_array(entry(features, key, place), key, place) for key in LINE]
    line[0] = line[0].T  # [3, L]
    pair = [as_array(entry(features, key, place), key, place) for key in PAIR]
    pair.append(_distances(archive, f"{group}/distance/{name}-cb.npy"))
    for array, key, width in zip(line, LINE, LINE.values(), strict=True):
        if array.shape not in ((length, width), (length,) * (width == 1)):
            raise InputError(
                f"'{place}' has '{key}' of shape {list(array.shape)} for {length} residues",
                kind="file",
                key=place,
            )
    for array, key in zip(pair, (*PAIR, "distances"), strict=True):
        if array.shape != (length, length):
            raise InputError(
                f"'{place}' has '{key}' of shape {list(array.shape)} for {length} residues",
                kind="file",
                key=place,
            )
    return np.concatenate([array.reshape(length, -1) for array in line], 1), np.stack(pair, -1)


def _distances(archive: Archive, path: str) -> np.ndarray:
    """Read a map [L, L] in angstrom, at least 1; the diagonal is the mean distance of the two neighbours."""
    place = archive.place(path)
    with archive.open(path) as file:
        content: Any = NpyStream(file, place).read()
    if len(content) != 3:
        raise InputError(
            f"'{place}' holds {len(content)} things; length, sequence and distances are right",
            kind="file",
            key=place,
        )
    y = as_array(content[2], "distances", place).astype(np.float64)
    if y.ndim != 2 or len(y) < 2 or not np.isfinite(y).all():
        raise InputError(f"'{place}' holds no map of finite distances", kind="file", key=place)
    y = np.maximum(y, 1.0)
    inner = np.arange(1, len(y) - 1)
    y[0, 0], y[-1, -1] = y[0, 1], y[-1, -2]
    y[inner, inner] = (y[inner, inner - 1] + y[inner, inner + 1]) / 2
    return y


def mock(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """Write mock proteins of 30 to 60 residues, with noise as features and distances along a random walk."""
    for part in PARTS:
        for length in rng.integers(30, 61, samples):
            walk = rng.normal(size=(length, 3)).cumsum(0)
            apart = np.linalg.norm(walk[:, None] - walk, axis=-1).clip(1.0)[..., None]
            features = rng.standard_normal((length, length, len(PAIR)))
            writer.add(f"{part}_length", np.array([length]))
            writer.add(f"{part}_line", rng.standard_normal((length, sum(LINE.values()))))
            writer.add(f"{part}_pair", np.concatenate([features, apart], -1).reshape(-1, len(PAIR) + 1))


def open_task(entry: TaskEntry, store: Store) -> Task:
    """Make the task of maps of all pairs."""
    train, validation, test = (_split(store, part) for part in PARTS)
    mean, std = (tuple(values.tolist()) for values in train.y.scale)  # type: ignore[attr-defined]
    return make_task(
        entry,
        Output(1, (SIZE, SIZE)),
        train,
        test,
        validation,
        y_mean=mean,
        y_std=std,
        metric="contact-mae",
        reference="contact-mae-reference",
    )


def open_published(entry: TaskEntry, store: Store) -> Task:
    """Make the task whose loss is the squared error in angstrom, and whose error has the published slips."""
    task = open_task(entry, store)
    return replace(task, y_mean=(0.0,), y_std=(1.0,), metric="contact-mae-reference", reference=None)


def _split(store: Store, part: str) -> Split:
    """Return the maps of a part, which are built when they are read."""
    length, line, pair = (store[f"{part}_{name}"] for name in ("length", "line", "pair"))
    if (len(line), len(pair)) != (length.sum(), (length.astype(np.int64) ** 2).sum()):
        raise InputError(
            f"'{store.folder}' is damaged: its lengths do not fit; prepare the data again",
            kind="file",
            key=store.folder,
        )
    line_start = np.concatenate([[0], length.cumsum(dtype=np.int64)])
    pair_start = np.concatenate([[0], (length.astype(np.int64) ** 2).cumsum()])

    def pairs(i: int) -> np.ndarray:
        return pair[pair_start[i] : pair_start[i + 1]].reshape(length[i], length[i], -1).transpose(2, 0, 1)

    def inputs(indices: np.ndarray) -> np.ndarray:
        of_proteins = ((line[line_start[i] : line_start[i + 1]], pairs(i)[:-1]) for i in indices)
        return _embed_maps([channels(*features) for features in of_proteins], CHANNELS, 0.0)

    def targets(indices: np.ndarray) -> np.ndarray:
        return _embed_maps([pairs(i)[-1:].clip(max=FARTHEST) for i in indices], 1, FARTHEST)

    count = len(length)
    return Split(
        store.rows(f"{part}_x", (count, CHANNELS, SIZE, SIZE), inputs),
        store.rows(f"{part}_y", (count, 1, SIZE, SIZE), targets),
    )


def channels(line: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """Combine features of residues [L, 27] and of pairs [3, L, L] to channels [57, L, L].

    Each feature of a residue gives two channels: that of a pair's second residue, then that of its first.
    """
    length = len(line)
    column = np.broadcast_to(line.T[:, None, :], (line.shape[1], length, length))
    both = np.stack([column, column.swapaxes(1, 2)], 1).reshape(-1, length, length)
    return np.concatenate([both, pair])


def _embed_maps(maps: list[np.ndarray], channels: int, background: float) -> np.ndarray:
    """Put maps [C, L, L] into the upper left of full-size ones, after a border: [n, C, SIZE, SIZE]."""
    full = np.zeros((len(maps), channels, SIZE, SIZE), np.float32)  # Zeros take no memory until written to.
    if background:
        full[:] = background
    for target, source in zip(full, maps, strict=True):
        size = min(source.shape[1], SIZE - BORDER)
        target[:, BORDER : BORDER + size, BORDER : BORDER + size] = source[:, :size, :size]
    return full


stored(
    "nasbench360/psicov",
    "what is known of the residues of a protein: how far apart they are",
    "regression",
    "[57, 512, 512] -> [1, 512, 512], 3356 train, 150 test",
    DataSet(
        modality="protein",
        licence="GPL (not checked)",
        citation=(
            "B. Adhikari (2020), A fully open-source framework for deep learning protein real-valued "
            "distances, Scientific Reports 10",
            BENCHMARK,
        ),
        files=(File(ARCHIVE, f"{BUCKET}/{ARCHIVE}", 1100),),
        arrays={
            f"{part}_{name}": Array(shape, dtype, low, high, rows if name == "length" else None)
            for part, rows in zip(PARTS, (3356, 100, 150), strict=True)
            for name, shape, dtype, low, high in (
                ("length", (), "int32", 2, 10_000),
                ("line", (sum(LINE.values()),), "float32", -100, 100),
                ("pair", (len(PAIR) + 1,), "float32", -100, 500),
            )
        },
        prepare=prepare,
        mock=mock,
        notes=(MIRROR, LISTED_SIZE),
    ),
    open_task,
    expert="deepcon",
)

published_reading(
    "nasbench360/psicov",
    "psicov with the published code's loss, in angstrom, and error",
    "[57, 512, 512] -> [1, 512, 512], 3356 train, 150 test",
    open_published,
)
