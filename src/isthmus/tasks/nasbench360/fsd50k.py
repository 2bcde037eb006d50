"""FSD50K: which of 200 kinds of sound are heard in a clip.

A sample is a chunk of about a second, as a mel spectrogram of 102 frames. For validation and test, a clip's
logits are the mean over its chunks: the last column of y, after the labels, is the clip's number. It is -1 in
training, where every chunk counts by itself. Training masks bands and frames, and mixes in background noise.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import torch_generator
from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.archives import Archive, open_archive
from isthmus.store.mock import draw
from isthmus.store.reading import entry, reading
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.losses import losses, weighted_bce
from isthmus.tasks.nasbench360.common import BENCHMARK, BUCKET, LISTED, MIRROR, shuffled
from isthmus.tasks.nasbench360.mel import BANDS, RATE, mel_decibels
from isthmus.tasks.problem_types import Output
from isthmus.tasks.published_augmentations import mask_spectrogram
from isthmus.tasks.stored import make_task, published_reading, stored
from isthmus.tasks.task import Augment, Split, Task

if TYPE_CHECKING:
    from torch import Generator, Tensor

ARCHIVE = "audio.zip"
LISTS = {"train": "chunks/tr.csv", "validation": "chunks/val.csv", "test": "chunks/eval.csv"}
LABEL_MAP = "chunks/lbl_map.json"
NOISE = "noise_22050"
FRAMES, LABELS = 102, 200
MIXED, LOUDEST_NOISE = 0.75, 0.5
"""Part of the training chunks that noise is mixed into, and its greatest share in them"""

losses.register("bce-10")(weighted_bce(10.0))


def prepare(folder: Path, writer: Writer) -> None:
    """Read a zip of `.wav` chunks, lists of them with labels and clips, and background noise."""
    with open_archive(folder / ARCHIVE) as archive:
        labels = _label_map(archive)
        for part, path in LISTS.items():
            clips: dict[str, int] = {}
            for name, words, clip in _rows(archive, path):
                place = f"{archive.place(path)}:{name}"
                if clip not in clips:
                    clips[clip] = len(clips)
                    writer.add(f"{part}_y", _labels(words, labels, place), place)
                sound = _sound(archive, archive.named(PurePosixPath(name.replace("\\", "/")).name))
                writer.add(f"{part}_x", fitted(spectrogram(sound))[None], place)
                writer.add(f"{part}_clip", np.array([clips[clip]]), place)
        for member in archive.under(NOISE):
            writer.add("noise", windows(spectrogram(_sound(archive, member))), archive.place(member))


def _label_map(archive: Archive) -> dict[str, int]:
    """Read the number of each label."""
    place = archive.place(LABEL_MAP)
    with reading(place, "JSON"):
        labels = {str(word): int(number) for word, number in json.loads(archive.read(LABEL_MAP)).items()}
    if sorted(labels.values()) != list(range(LABELS)):
        raise InputError(
            f"'{place}' numbers {len(labels)} labels; {LABELS}, numbered from 0, are right",
            kind="file",
            key=place,
        )
    return labels


def _rows(archive: Archive, path: str) -> Iterator[tuple[str, str, str]]:
    """Read file, labels and clip of each chunk in a list."""
    rows = csv.DictReader(io.StringIO(archive.read(path).decode("utf-8", "replace")), restval="")
    for row in rows:
        name, words, clip = (entry(row, column, archive.place(path)) for column in ("files", "labels", "ext"))
        yield name, words, clip


def _labels(words: str, labels: Mapping[str, int], place: str) -> np.ndarray:
    """Convert comma-separated labels to 0 and 1: [1, 200]."""
    present = np.zeros((1, LABELS), np.uint8)
    for word in words.split(","):
        if word not in labels:
            raise InputError(
                f"'{place}' has the label '{word}', which {LABEL_MAP} lacks", kind="file", key=place
            )
        present[0, labels[word]] = 1
    return present


def _sound(archive: Archive, member: str) -> np.ndarray:
    """Read a `.wav` of one channel at 22,050 Hz, in [-1, 1], repeated to a second if it is shorter: [T]."""
    from scipy.io import wavfile

    place = archive.place(member)
    with reading(place, ".wav"):
        rate, sound = wavfile.read(io.BytesIO(archive.read(member)))
        if sound.dtype.kind == "i":
            sound = sound / -float(np.iinfo(sound.dtype).min)
    if rate != RATE or sound.ndim != 1 or not len(sound):
        raise InputError(
            f"'{place}' has rate {rate} and shape {list(sound.shape)}; {RATE} and one channel are right",
            kind="file",
            key=place,
        )
    return np.resize(sound, max(len(sound), RATE)).astype(np.float32)


def spectrogram(sound: np.ndarray) -> np.ndarray:
    """Compute the mel spectrogram of a sound: [T] -> [96, frames]."""
    import torch

    return mel_decibels(torch.from_numpy(sound)[None])[0].numpy()


def fitted(frames: np.ndarray) -> np.ndarray:
    """Return the middle 102 frames of [96, frames], padded with the least value on both sides: [96, 102]."""
    missing = max(0, FRAMES - frames.shape[1])
    frames = np.pad(frames, ((0, 0), (missing // 2, missing - missing // 2)), constant_values=frames.min())
    start = (frames.shape[1] - FRAMES) // 2
    return frames[:, start : start + FRAMES]


def windows(frames: np.ndarray) -> np.ndarray:
    """Cut [96, frames] into consecutive windows [n, 96, 102]; frames left over at the end are dropped."""
    count = frames.shape[1] // FRAMES
    if not count:
        return fitted(frames)[None]
    return frames[:, : count * FRAMES].reshape(BANDS, count, FRAMES).swapaxes(0, 1)


def mock(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """Write mock clips of two chunks of noise each."""
    for name, array in arrays.items():
        if name.endswith("_clip"):
            writer.add(name, np.arange(samples).repeat(2))
        else:
            writer.add(name, draw(array, rng, samples * (2 if name.endswith("_x") else 1)))


def open_task(entry: TaskEntry, store: Store) -> Task:
    """Make the task of chunks with the labels of their clips."""
    return make_task(
        entry,
        Output(LABELS),
        _split(store, "train", by_clip=False),
        _split(store, "test", by_clip=True),
        _split(store, "validation", by_clip=True),
        classes=tuple(range(LABELS)),
        loss="bce-10",
        metric="1-map-clips",
        augment=mask_and_mix(store["noise"]),
    )


def open_published(entry: TaskEntry, store: Store) -> Task:
    """Make the task of one chunk of each training clip, drawn and changed once and for all.

    The published spectrograms have 101 frames, and a frame of zeros after them.
    """
    task = open_task(entry, store)
    assert task.test is not None
    assert task.validation is not None
    clip, change = store["train_clip"], mask_and_mix(store["noise"])
    order = shuffled(len(clip), "fsd50k-published")
    chosen = order[np.unique(clip[order], return_index=True)[1]]  # of each clip, a random one of its chunks
    drawn = task.train.part(chosen)

    def changed_once(indices: np.ndarray) -> np.ndarray:
        import torch

        rows = [
            change(torch.from_numpy(x[None]), torch.empty(0), torch_generator("fsd50k-published", int(i)))[0]
            for i, x in zip(indices, drawn.x[indices], strict=True)
        ]
        return torch.cat(rows).numpy()

    def with_silence(part: str, split: Split, read: Callable[[np.ndarray], np.ndarray]) -> Split:
        def rows(indices: np.ndarray) -> np.ndarray:
            x = read(indices).copy()
            x[..., FRAMES - 1] = 0
            return x

        return Split(store.rows(f"published_{part}_x", split.x.shape, rows), split.y)

    return replace(
        task,
        train=with_silence("train", drawn, changed_once),
        test=with_silence("test", task.test, task.test.x.__getitem__),
        validation=with_silence("validation", task.validation, task.validation.x.__getitem__),
        augment=None,
    )


def _split(store: Store, part: str, by_clip: bool) -> Split:
    """Return the chunks of a part, with the number of their clip, or -1, after the labels."""
    clip, labels = store[f"{part}_clip"], store[f"{part}_y"]
    if clip.max() >= len(labels):
        raise InputError(
            f"'{store.folder}' is damaged: a chunk is of no clip; prepare the data again",
            kind="file",
            key=store.folder,
        )

    def read(indices: np.ndarray) -> np.ndarray:
        numbers = clip[indices]
        last = numbers if by_clip else np.full(len(indices), -1)
        rows: np.ndarray = np.concatenate([labels[numbers], last[:, None]], 1).astype(np.float32)
        return rows

    x = store.changed(f"{part}_x", lambda rows: rows.astype(np.float32)[:, None])
    return Split(x, store.rows(f"{part}_y", (len(clip), LABELS + 1), read))


def mask_and_mix(noise: np.ndarray) -> Augment:
    """Return SpecAugment, followed by mixing noise [M, 96, 102] into three quarters of the chunks."""

    import torch

    def augment(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        drawn = torch.randint(len(noise), (len(x),), generator=generator).numpy()
        background = torch.from_numpy(noise[drawn].astype(np.float32))[:, None].to(x.device)
        mixed = torch.rand(len(x), 1, 1, 1, generator=generator) < MIXED
        share = (torch.rand(len(x), 1, 1, 1, generator=generator) * LOUDEST_NOISE * mixed).to(x.device)
        x, background = mask_spectrogram(x, generator), mask_spectrogram(background, generator)
        return (1 - share) * x + share * background, y

    return augment


def _arrays() -> dict[str, Array]:
    """Describe the arrays of all parts and of the noise."""
    parts: dict[str, Array] = {}
    for part, clips in (("train", 36_796), ("validation", 4_170), ("test", 10_231)):
        parts[f"{part}_x"] = Array((BANDS, FRAMES), "float16", -200, 200)
        parts[f"{part}_y"] = Array((LABELS,), "uint8", 0, 1, clips)
        parts[f"{part}_clip"] = Array((), "int32", 0, clips - 1)
    return {**parts, "noise": Array((BANDS, FRAMES), "float16", -200, 200)}


stored(
    "nasbench360/fsd50k",
    "a clip of sound: which of 200 kinds of things are heard",
    "multilabel",
    "[1, 96, 102] -> [200], chunks of 36796 clips train, of 10231 test",
    DataSet(
        modality="sound",
        licence="CC BY 4.0",
        citation=(
            "E. Fonseca et al. (2022), FSD50K: an open dataset of human-labeled sound events, IEEE/ACM "
            "TASLP 30",
            BENCHMARK,
        ),
        files=(File(ARCHIVE, f"{BUCKET}/audio/{ARCHIVE}", 24_000),),
        arrays=_arrays(),
        prepare=prepare,
        mock=mock,
        notes=(MIRROR, LISTED),
    ),
    open_task,
    expert="crnn",
)

published_reading(
    "nasbench360/fsd50k",
    "fsd50k with one chunk of each training clip, drawn and changed once, as in the published code",
    "[1, 96, 102] -> [200], 36796 train, chunks of 10231 clips test",
    open_published,
)
