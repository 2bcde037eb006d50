"""Pictures in class folders: `.png`, `.jpg`, `.tif`, `.bmp` and more, gray or coloured, read by Pillow."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.lazy_array import LazyArray
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Contents, formats
from isthmus.tasks.custom.lazy import LAZY_VALUES
from isthmus.tasks.custom.sample_folders import SampleReader, sample_formats

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".ppm", ".pgm")
MOST_PIXELS = 2**27
"""Pixels of the largest picture that is opened"""
LONGEST = 512
"""Pixels of the longer side at most; larger pictures are made smaller as they are read"""
DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes of gray pictures with more than 256 values"""
GRAY = ("1", "L", "LA", *DEEP)


class Pictures(SampleReader):
    """Reader of pictures, all in one size and number of channels."""

    what = "picture"

    def read(self, path: Path) -> np.ndarray:
        """Read a picture [1, H, W] or [3, H, W] as it is."""
        size, channels = self._header(path)
        return self._picture(path, (channels, size[1], size[0]))

    def shape_for(self, files: Sequence[Path]) -> tuple[int, ...]:
        """Return the shape that pictures of files get: the median height and width, colour if one has it."""
        headers = [self._header(file) for file in files]
        width, height = np.median([size for size, _ in headers], axis=0)
        factor = min(1.0, LONGEST / max(width, height))
        sides = [max(1, round(float(side) * factor)) for side in (height, width)]
        return (max(channels for _, channels in headers), *sides)

    def collect(self, files: Sequence[Path], shape: tuple[int, ...] | None) -> Any:
        """Read the pictures of files in one shape; many are read from their files when they are needed.

        Raises:
            InputError: If they should have a shape that no picture has.
        """
        found = self.shape_for(files) if shape is None else shape
        if len(found) != 3 or found[0] not in (1, 3):
            raise InputError(
                f"'{files[0]}' is a picture; samples of shape {list(found)} are no pictures", kind="conflict"
            )
        deep = found[0] == 1 and any(self._mode(file) in DEEP for file in files)

        def read(indices: np.ndarray) -> np.ndarray:
            return np.stack([self._picture(files[i], found) for i in indices])

        if len(files) * int(np.prod(found)) <= LAZY_VALUES:
            return read(np.arange(len(files)))
        return LazyArray((len(files), *found), np.float32 if deep else np.uint8, read)

    def notes(self, files: Sequence[Path]) -> tuple[str, ...]:
        """Return how sizes and colours are made alike."""
        headers = [self._header(file) for file in files]
        shape, sizes = self.shape_for(files), sorted({size for size, _ in headers})
        told = []
        if sizes != [(shape[2], shape[1])]:
            ends = f"{sizes[0][0]} x {sizes[0][1]}" + (
                f" to {sizes[-1][0]} x {sizes[-1][1]}" if sizes[1:] else ""
            )
            told.append(
                f"pictures of {ends} are resized to {shape[2]} x {shape[1]}; resize them to keep another size"
            )
        if len({channels for _, channels in headers}) > 1:
            told.append("gray pictures are read as coloured ones, for others are coloured")
        kinds = [self._mode_and_pages(file) for file in files[:100]]
        if any(mode in ("RGBA", "LA", "PA") for mode, _ in kinds):
            told.append("transparency is left out")
        if any(pages > 1 for _, pages in kinds):
            told.append(
                "of files with several pages the first is read; save the others as files, or as arrays"
            )
        return tuple(told)

    def _header(self, path: Path) -> tuple[tuple[int, int], int]:
        """Read width and height, and 1 for gray or 3 for coloured pictures."""
        with self._open(path) as picture:
            turned = picture.getexif().get(0x0112, 1) >= 5  # lies on its side
            size = picture.size[::-1] if turned else picture.size
            if picture.mode == "P":
                return size, 1 if picture.convert("RGB").convert("L").convert("RGB") == picture.convert(
                    "RGB"
                ) else 3
            return size, 1 if picture.mode in GRAY else 3

    def _mode(self, path: Path) -> str:
        """Read Pillow's name of what a pixel holds."""
        with self._open(path) as picture:
            return str(picture.mode)

    def _mode_and_pages(self, path: Path) -> tuple[str, int]:
        """Read Pillow's name of what a pixel holds, and the number of pictures in the file."""
        with self._open(path) as picture:
            return str(picture.mode), int(getattr(picture, "n_frames", 1))

    def _picture(self, path: Path, shape: tuple[int, ...]) -> np.ndarray:
        """Read a picture in a shape [C, H, W]: bytes, or float32 if it is gray with more than 256 values."""
        from PIL import Image, ImageOps

        with self._open(path) as picture:
            upright = ImageOps.exif_transpose(picture)
            if shape[0] == 3:
                upright = upright.convert("RGB")
            else:
                upright = upright.convert("F" if upright.mode in DEEP else "L")
            size = (shape[2], shape[1])
            if upright.size != size:
                upright = upright.resize(size, Image.Resampling.BILINEAR)
            array = np.asarray(upright)
        return array[None] if shape[0] == 1 else np.moveaxis(array, -1, 0)

    @staticmethod
    def _open(path: Path) -> Any:
        """Open a picture, whose pixels are read later.

        Raises:
            InputError: If it is none, or has more pixels than are read.
        """
        from PIL import Image

        with reading(path, "a picture"):
            picture = Image.open(path)
            if picture.size[0] * picture.size[1] > MOST_PIXELS:
                raise ValueError(
                    f"it has {picture.size[0]} x {picture.size[1]} pixels, more than {MOST_PIXELS}"
                )
        return _Reading(path, picture)


class _Reading:
    """A picture whose errors, told when its pixels are read, name its file."""

    def __init__(self, path: Path, picture: Any) -> None:
        self.picture, self.errors = picture, reading(path, "a picture")

    def __enter__(self) -> Any:
        self.errors.__enter__()
        return self.picture.__enter__()

    def __exit__(self, *error: Any) -> Any:
        self.picture.__exit__(*error)
        return self.errors.__exit__(*error)


PICTURES = Pictures()


def refuse_single(path: Path) -> Contents:
    """Refuse a single picture.

    Raises:
        InputError: Always; says what would be right.
    """
    raise InputError(
        f"'{path}' is a single picture; give the folder in which each class has a folder of pictures",
        kind="file",
        key=path,
    )


for suffix in SUFFIXES:
    sample_formats.register(suffix)(PICTURES)
    formats.register(suffix)(refuse_single)
