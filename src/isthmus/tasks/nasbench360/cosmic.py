"""Cosmic: which points of a Hubble picture were hit by cosmic rays; the data of deepCR.

The pictures show galaxies through the filter F435W, cut to points 64 to 191 of either axis. Points that
deepCR ignores are -1 in the mask and count neither in the loss nor in the metric. Training adds a random
multiple of the sky's level, which is stored in y as a second channel after the mask. A fixed random tenth of
the training pictures is for validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.archives import Archive, open_archive
from isthmus.store.npy import NpyStream, open_npy
from isthmus.store.reading import as_array, reading
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.losses import losses
from isthmus.tasks.nasbench360.common import BENCHMARK, BUCKET, FIRST_SIZE, MIRROR, PARTS, shuffled
from isthmus.tasks.problem_types import Output
from isthmus.tasks.stored import make_task, published_reading, stored
from isthmus.tasks.task import Split, Task

if TYPE_CHECKING:
    from torch import Generator, Tensor

TARS = {part: f"deepCR.ACS-WFC.{part}.tar" for part in ("train", "test")}
LISTS = {part: f"{part}_dirs.npy" for part in ("train", "test")}
HELD_OUT = 0.1
CUT = slice(64, 192)
SKY = (-0.9, 3.0)
GALAXIES = frozenset(
    {
        *("9490_a2", "9490_a3", "10182_pb", "10182_pd", "10190_13", "10190_28", "10260_5", "10260_7"),
        *("10342_3", "10407_3", "10584_13", "10760_2", "10760_4", "12058_1", "12058_6", "12058_12"),
        *("12058_16", "12513_2", "12513_3", "13057_1", "13364_95", "13691_11", "13737_2", "13737_3"),
        *("13804_6", "14343_1", "14704_1"),
    }
)
"""Fields, as PROPOSAL_VISIT, that show galaxies"""


def prepare(folder: Path, writer: Writer) -> None:
    """Read tars of `npy_PART/FILTER/PROPOSAL/VISIT/NUMBER_*.npy`, [3, H, W], and a `sky.npy` a visit."""
    for part, tar in TARS.items():
        with open_archive(folder / tar) as archive:
            names = _listed(folder / LISTS[part], archive) or _chosen(archive)
            if part == "train":
                order = shuffled(len(names), "cosmic")
                last = len(names) - round(HELD_OUT * len(names))
                _add(writer, "train", archive, [names[i] for i in order[:last]])
                _add(writer, "validation", archive, [names[i] for i in order[last:]])
            else:
                _add(writer, "test", archive, names)


def _listed(path: Path, archive: Archive) -> list[str]:
    """Return the pictures of the benchmark's list, if that lies beside the tars."""
    if not path.exists():
        return []
    with open_npy(path) as file:
        return [archive.find(str(name)) for name in np.ravel(file.read())]


def _chosen(archive: Archive) -> list[str]:
    """Return the benchmark's choice: pictures of galaxies through the filter F435W."""
    names = [name for name in archive.under("f435w") if not name.endswith("/sky.npy")]
    return [name for name in names if "_".join(PurePosixPath(name).parts[-3:-1]) in GALAXIES]


def _add(writer: Writer, part: str, archive: Archive, names: list[str]) -> None:
    """Write pictures, masks and sky levels of one part."""
    for name in names:
        place = archive.place(name)
        with archive.open(name) as file:
            layers = as_array(NpyStream(file, place).read(), "picture", place)
        if layers.ndim != 3 or layers.shape[0] not in (2, 3):
            raise InputError(
                f"'{place}' has shape {list(layers.shape)}; [3, H, W] is right", kind="file", key=place
            )
        picture, mask, ignored = (*layers, np.zeros_like(layers[0]))[:3]
        marked = np.where(ignored > 0, -1, mask)
        writer.add(f"{part}_x", picture[None, CUT, CUT], place)
        writer.add(f"{part}_y", marked[None, CUT, CUT], place)
        writer.add(f"{part}_sky", np.array([_sky(archive, name)]), place)


def _sky(archive: Archive, name: str) -> float:
    """Return the sky's level in a picture: entry NUMBER of its visit's list, or 0 if there is no list."""
    path = PurePosixPath(name)
    sky_file = str(path.with_name("sky.npy"))
    if sky_file not in archive:
        return 0.0
    with archive.open(sky_file) as file:
        levels = NpyStream(file, archive.place(sky_file)).read()
    with reading(archive.place(sky_file), "levels of the sky"):
        return float(levels[int(path.name.split("_")[0]) - 1])


def open_task(entry: TaskEntry, store: Store) -> Task:
    """Make the task of pictures, and of masks with the sky's level as a second channel."""

    def split(part: str) -> Split:
        mask, sky = store[f"{part}_y"], store[f"{part}_sky"].astype(np.float32)

        def read(indices: np.ndarray) -> np.ndarray:
            chosen = mask[indices].astype(np.float32)
            level = np.broadcast_to(sky[indices][:, None, None], chosen.shape)
            return np.stack([chosen, level], 1)

        x = store.changed(f"{part}_x", lambda rows: rows[:, None].astype(np.float32))
        return Split(x, store.rows(f"{part}_y", (len(mask), 2, *mask.shape[1:]), read))

    train, validation, test = map(split, PARTS)
    return make_task(
        entry,
        Output(1, FIELD),
        train,
        test,
        validation,
        classes=(0,),
        loss="bce-seen",
        metric="1-auroc-seen",
        reference="1-auroc-seen-reference",
        augment=change_sky,
    )


def open_published(entry: TaskEntry, store: Store) -> Task:
    """Make the task whose test pictures have random sky too, drawn once and for all."""
    task = open_task(entry, store)
    low, high = SKY
    test = task.test
    assert test is not None
    times = numpy_generator("nasbench360", "cosmic-published").uniform(low, high, len(test))

    def read(indices: np.ndarray) -> np.ndarray:
        level = store["test_sky"][indices] * times[indices]
        rows: np.ndarray = test.x[indices] + level[:, None, None, None].astype(np.float32)
        return rows

    x = store.rows("published_test_x", test.x.shape, read)
    return replace(task, test=Split(x, test.y), metric="1-auroc-seen-reference", reference=None)


def change_sky(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Add a random multiple of the sky's level to each picture, as if its exposure time were another."""
    import torch

    low, high = SKY
    times = low + (high - low) * torch.rand(len(x), 1, 1, 1, generator=generator)
    return x + times.to(x.device) * y[:, 1:2], y


@losses.register("bce-seen")
def bce_seen(output: Tensor, y: Tensor, scale: Sequence[float]) -> Tensor:
    """Compute the mean binary cross-entropy of logits [B, 1, H, W] over points that are not ignored: [B]."""
    from torch.nn import functional as F

    mask = y[:, :1]
    seen = (mask >= 0).float()
    values = F.binary_cross_entropy_with_logits(output, mask.clamp(min=0), reduction="none") * seen
    return values.flatten(1).sum(1) / seen.flatten(1).sum(1).clamp(min=1)


FIELD = (128, 128)
ROWS = (4_347, 483, 420)

stored(
    "nasbench360/cosmic",
    "a picture of the Hubble telescope: which points were hit by cosmic rays",
    "multilabel",
    "[1, 128, 128] -> [1, 128, 128], 4347 train, 420 test",
    DataSet(
        modality="picture of the sky",
        licence="CC BY 4.0 (not checked)",
        citation=(
            "K. Zhang, J. S. Bloom (2020), deepCR: cosmic ray rejection with deep learning, ApJ 889",
            BENCHMARK,
        ),
        files=(
            File(TARS["train"], f"{BUCKET}/cosmic/{TARS['train']}", 6500),
            File(TARS["test"], f"{BUCKET}/cosmic/{TARS['test']}", 2000),
            *(File(name, "", 1, needed=False) for name in LISTS.values()),
        ),
        arrays={
            f"{part}_{name}": Array(shape, dtype, low, high, rows)
            for part, rows in zip(PARTS, ROWS, strict=True)
            for name, shape, dtype, low, high in (
                ("x", FIELD, "float32", -1e7, 1e7),
                ("y", FIELD, "int8", -1, 1),
                ("sky", (), "float32", -1e6, 1e6),
            )
        },
        prepare=prepare,
        notes=(
            MIRROR,
            FIRST_SIZE,
            "lists of pictures that lie beside the tars (train_dirs.npy, test_dirs.npy) are followed",
        ),
    ),
    open_task,
    expert="deepcr",
)

published_reading(
    "nasbench360/cosmic",
    "cosmic with random sky in test pictures too, and the published code's error: 1 - balanced accuracy",
    "[1, 128, 128] -> [1, 128, 128], 4347 train, 420 test",
    open_published,
)
