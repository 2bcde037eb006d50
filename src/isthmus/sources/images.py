"""Picture files as arrays. Pillow reads them, which comes with matplotlib."""

from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from isthmus.store.reading import reading

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


def open_image(file: IO[bytes] | Path, place: Path | str, least: int = 0) -> "Image":
    """A picture, decoded.

    Args:
        file: open at its start, or its path.
        place: where it is, for messages.
        least: its shorter side may come smaller than it is, down to this; 0 for as it is. (A JPEG is
            then decoded at a half, a quarter or an eighth, in a fraction of the time.)

    Raises:
        InputError: if it is damaged or of an unknown format.
    """
    from PIL import Image

    with reading(place, "a picture"):
        image = Image.open(file)
        if least:
            image.draft("RGB", (least, least))
        image.load()
    return image


def as_array(image: "Image") -> np.ndarray:
    """A picture of any mode as uint8 [3, H, W]."""
    return np.asarray(image.convert("RGB")).transpose(2, 0, 1)


def stretched(image: "Image", size: int) -> np.ndarray:
    """uint8 [3, size, size]: each side resized by itself (bilinear, smoothed when shrinking)."""
    from PIL.Image import Resampling

    return as_array(image.convert("RGB").resize((size, size), Resampling.BILINEAR))


def squared(image: "Image", size: int) -> np.ndarray:
    """uint8 [3, size, size]: the square in the middle, resized."""
    from PIL.Image import Resampling

    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    middle = image.convert("RGB").crop((left, top, left + side, top + side))
    return as_array(middle.resize((size, size), Resampling.BILINEAR))
