"""PASCAL VOC 2012: photographs, and masks of the objects in them against everything else.

It is PaRe's source for dense targets (Cai et al., ICML 2024): pictures are resized to 224 x 224 and masks to
128 x 128, the twenty kinds of objects are one foreground, and their outlines, which VOC leaves undecided,
belong to the background.
"""

from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.sources.images import open_image, resize
from isthmus.sources.source import Source, stored
from isthmus.store import Array, DataSet, File, Store, Writer
from isthmus.store.archives import Archive, open_archive

ARCHIVE = "VOCtrainval_11-May-2012.tar"
SIZE, MASK = 224, 128
OBJECTS, UNDECIDED = 20, 255
SAMPLES = 1_464
CLASSES = ("background", "foreground")


def prepare(folder: Path, writer: Writer) -> None:
    """Write the pictures listed in `ImageSets/Segmentation/train.txt`, and their masks."""
    with open_archive(folder / ARCHIVE) as archive:
        for name in archive.read("ImageSets/Segmentation/train.txt").decode(errors="replace").split():
            picture, mask = f"JPEGImages/{name}.jpg", f"SegmentationClass/{name}.png"
            with archive.open(picture) as file:
                image = open_image(file, archive.place(picture))
            writer.add("x", resize(image, SIZE)[None], archive.place(picture))
            writer.add("y", _foreground(archive, mask)[None], archive.place(mask))


def open_source(name: str, store: Store) -> Source:
    """Make the source of unchanged pictures and masks."""
    return Source(name, "image", store["x"], store["y"], CLASSES)


def _foreground(archive: Archive, name: str) -> np.ndarray:
    """Read a mask, whose colours are indices of a palette, as 0 and 1: [128, 128]."""
    from PIL.Image import Resampling

    place = archive.place(name)
    with archive.open(name) as file:
        image = open_image(file, place)
    if image.mode not in ("P", "L"):
        raise InputError(
            f"'{place}' is a picture of mode {image.mode}; a mask of a palette is right",
            kind="file",
            key=place,
        )
    numbers = np.asarray(image.resize((MASK, MASK), Resampling.NEAREST))
    if ((numbers > OBJECTS) & (numbers != UNDECIDED)).any():
        raise InputError(
            f"'{place}' holds other numbers than 0 to {OBJECTS} and {UNDECIDED}", kind="file", key=place
        )
    foreground: np.ndarray = (numbers > 0) & (numbers != UNDECIDED)
    return foreground


stored(
    "voc",
    "photographs, and masks of the objects in them",
    "image",
    f"[3, {SIZE}, {SIZE}] -> [{len(CLASSES)}, {MASK}, {MASK}], {SAMPLES}",
    DataSet(
        modality="picture",
        licence="that of Flickr's terms of use",
        citation=("M. Everingham et al. (2015), The PASCAL visual object classes challenge, IJCV 111",),
        files=(File(ARCHIVE, f"http://host.robots.ox.ac.uk/pascal/VOC/voc2012/{ARCHIVE}", 2_000),),
        arrays={
            "x": Array((3, SIZE, SIZE), "uint8", 0, 255, SAMPLES),
            "y": Array((MASK, MASK), "uint8", 0, 1, SAMPLES),
        },
        prepare=prepare,
        notes=("licence and size: not checked",),
    ),
    open_source,
)
