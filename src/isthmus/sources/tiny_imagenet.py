"""Tiny-ImageNet: training pictures of 200 classes of ImageNet, made small; PaRe's source for Spherical."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np

from isthmus.errors import InputError
from isthmus.sources.images import as_array, open_image
from isthmus.sources.source import Source
from isthmus.sources.stored import stored
from isthmus.store import Array, DataSet, File, Store, Writer, noise
from isthmus.store.archives import Archive, open_archive
from isthmus.store.texts import add_texts, read_texts, text_arrays

ARCHIVE = "tiny-imagenet-200.zip"
CLASSES, SAMPLES = 200, 100_000


def prepare(folder: Path, writer: Writer) -> None:
    """A zip: `train/CLASS/images/*.JPEG`, some of them grey, and `words.txt`, what each class is called."""
    path = folder / ARCHIVE
    with open_archive(path) as archive:
        pictures = [name for name in archive.under("train") if name.endswith(".JPEG")]
        classes = [(name, list(of)) for name, of in groupby(pictures, _class)]
        if len(classes) > CLASSES:
            raise InputError(f"'{path}' holds {len(classes)} classes; {CLASSES} are right")
        words = _words(archive)
        for number, (_, members) in enumerate(classes):
            for member in members:
                writer.add("x", _picture(archive, member)[None], archive.place(member))
            writer.add("y", np.full(len(members), number))
        add_texts(writer, "class", [words.get(name, name) for name, _ in classes])


def open_source(name: str, store: Store) -> Source:
    """Pictures as they are."""
    return Source(name, "image", store["x"], store.labels("y"), tuple(read_texts(store, "class")))


def mock(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """Noise, with as many classes as are published."""
    noise({name: arrays[name] for name in ("x", "y")}, writer, rng, samples)
    add_texts(writer, "class", [f"class {number}" for number in range(CLASSES)])


def _class(member: str) -> str:
    """The folder behind `train`."""
    parts = PurePosixPath(member).parts
    return parts[parts.index("train") + 1]


def _words(archive: Archive) -> dict[str, str]:
    """What each class of ImageNet is called."""
    lines: Iterable[str] = archive.read("words.txt").decode(errors="replace").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def _picture(archive: Archive, member: str) -> np.ndarray:
    with archive.open(member) as file:
        return as_array(open_image(file, archive.place(member)))


stored(
    "tiny-imagenet",
    "small pictures of animals, plants and things, in 200 classes of ImageNet",
    "image",
    f"[3, 64, 64] -> [{CLASSES}], {SAMPLES}",
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
        mock=mock,
    ),
    open_source,
)
