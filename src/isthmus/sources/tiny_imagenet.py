"""Tiny-ImageNet: small training pictures of 200 classes of ImageNet; PaRe's source for Spherical.

As in PaRe, 5,000 of them are used, drawn at random, here once and for all; at every training step a random
part of each is resized, and half are mirrored. (PaRe draws from a folder that it calls `train_10`, of which
nothing is published.)
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.sources.changes import resized_crop_and_flip
from isthmus.sources.images import open_image, to_array
from isthmus.sources.source import Source, stored
from isthmus.store import Array, DataSet, File, Store, Writer, noise
from isthmus.store.archives import Archive, open_archive
from isthmus.store.texts import add_texts, read_texts, text_arrays

ARCHIVE = "tiny-imagenet-200.zip"
CLASSES, SAMPLES, USED = 200, 100_000, 5_000


def prepare(folder: Path, writer: Writer) -> None:
    """Write the training pictures, their classes and the names of the classes.

    The zip holds `train/CLASS/images/*.JPEG`, some of them grey, and `words.txt`, the names of the classes.
    """
    path = folder / ARCHIVE
    with open_archive(path) as archive:
        pictures = [name for name in archive.under("train") if name.endswith(".JPEG")]
        classes = [(name, list(members)) for name, members in groupby(pictures, _class_folder)]
        if len(classes) > CLASSES:
            raise InputError(
                f"'{path}' holds {len(classes)} classes; {CLASSES} are right", kind="file", key=path
            )
        words = _words(archive)
        for number, (_, members) in enumerate(classes):
            for member in members:
                writer.add("x", _picture(archive, member)[None], archive.place(member))
            writer.add("y", np.full(len(members), number))
        add_texts(writer, "class", [words.get(name, name) for name, _ in classes])


def open_source(name: str, store: Store) -> Source:
    """Make the source of `USED` pictures, changed as they are drawn."""
    chosen = np.sort(numpy_generator("tiny-imagenet").permutation(store.length("y"))[:USED])
    x, y = store["x"][chosen], store.labels("y")[chosen]
    return Source(name, "image", x, y, tuple(read_texts(store, "class")), change=resized_crop_and_flip)


def mock(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """Write noise, with as many classes as are published."""
    noise({name: arrays[name] for name in ("x", "y")}, writer, rng, samples)
    add_texts(writer, "class", [f"class {number}" for number in range(CLASSES)])


def _class_folder(member: str) -> str:
    """Return the folder below `train` in which a picture lies."""
    parts = PurePosixPath(member).parts
    return parts[parts.index("train") + 1]


def _words(archive: Archive) -> dict[str, str]:
    """Return the name of each class of ImageNet, by its folder."""
    lines: Iterable[str] = archive.read("words.txt").decode(errors="replace").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def _picture(archive: Archive, member: str) -> np.ndarray:
    """Read a picture, uint8 [3, H, W]."""
    with archive.open(member) as file:
        return to_array(open_image(file, archive.place(member)))


stored(
    "tiny-imagenet",
    "small pictures of animals, plants and things, in 200 classes of ImageNet",
    "image",
    f"[3, 64, 64] -> [{CLASSES}], {USED} of {SAMPLES}",
    DataSet(
        modality="picture",
        licence="for research, as ImageNet",
        citation=(
            "Y. Le and X. Yang (2015), Tiny ImageNet visual recognition challenge, Stanford CS 231N",
            "O. Russakovsky et al. (2015), ImageNet large scale visual recognition challenge, IJCV 115",
        ),
        files=(File(ARCHIVE, f"http://cs231n.stanford.edu/{ARCHIVE}", 237),),
        arrays={
            "x": Array((3, 64, 64), "uint8", 0, 255, SAMPLES),
            "y": Array((), "uint8", 0, CLASSES - 1, SAMPLES),
            **text_arrays("class", CLASSES),
        },
        prepare=prepare,
        notes=("licence and size: not checked",),
        mock=mock,
    ),
    open_source,
)
