"""ImageNet: five pictures of each class, read from the published archive without unpacking it.

An unpacked ImageNet is a folder of pictures by class: give its path in place of the name.
"""

import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.sources.images import crop_and_resize, open_image
from isthmus.sources.source import Source, stored
from isthmus.store import Array, DataSet, File, Store, Writer, noise
from isthmus.store.archives import members_to_the_end, open_archive
from isthmus.store.reading import reading
from isthmus.store.texts import add_texts, read_texts, text_arrays

ARCHIVE = "ILSVRC2012_img_train.tar"
CLASSES, EACH, SIZE = 1000, 5, 224


def prepare(folder: Path, writer: Writer) -> None:
    """Write five pictures of each class, whose choice never changes: the square in the middle, resized.

    The archive is a tar of tars, one for each class.
    """
    path = folder / ARCHIVE
    names: list[str] = []
    with open_archive(path) as archive:
        for member in sorted(archive.under()):
            place, name = archive.place(member), PurePosixPath(member).stem
            if len(names) == CLASSES:
                raise InputError(f"'{path}' holds more than {CLASSES} classes", kind="file", key=path)
            with (
                archive.open(member) as file,
                reading(place, "an archive"),
                tarfile.open(fileobj=file) as inner,
            ):
                pictures = np.stack(list(_choose(inner, name, place)))
            writer.add("x", pictures, place)
            writer.add("y", np.full(len(pictures), len(names)), place)
            names.append(name)
    add_texts(writer, "class", names)


def open_source(name: str, store: Store) -> Source:
    """Make the source of unchanged pictures."""
    return Source(name, "image", store["x"], store.labels("y"), tuple(read_texts(store, "class")))


def mock(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """Write noise, with as many classes as are published."""
    noise({name: arrays[name] for name in ("x", "y")}, writer, rng, samples)
    add_texts(writer, "class", [f"class {number}" for number in range(CLASSES)])


def _choose(pictures: tarfile.TarFile, name: str, place: str) -> Iterator[np.ndarray]:
    """Yield the chosen pictures of one class, uint8 [3, 224, 224] each."""
    members = sorted(members_to_the_end(pictures), key=lambda member: member.name)
    for index in np.sort(numpy_generator("imagenet", name).permutation(len(members))[:EACH]):
        file = pictures.extractfile(members[index])
        assert file is not None
        yield crop_and_resize(open_image(file, f"{place}:{members[index].name}", SIZE), SIZE)


stored(
    "imagenet",
    "photographs of animals, plants and things, in 1,000 classes",
    "image",
    f"[3, {SIZE}, {SIZE}] -> [{CLASSES}], {CLASSES * EACH}",
    DataSet(
        modality="picture",
        licence="for research, on request",
        citation=(
            "O. Russakovsky et al. (2015), ImageNet large scale visual recognition challenge, IJCV 115",
        ),
        files=(File(ARCHIVE, "https://image-net.org/download-images.php", 138_000, asked_for=True),),
        arrays={
            "x": Array((3, SIZE, SIZE), "uint8", 0, 255, CLASSES * EACH),
            "y": Array((), "int16", 0, CLASSES - 1, CLASSES * EACH),
            **text_arrays("class", CLASSES),
        },
        prepare=prepare,
        mock=mock,
        notes=(
            "licence and size: not checked",
            "ImageNet that was unpacked needs no preparing: give the path of its train folder as source",
        ),
    ),
    open_source,
)
