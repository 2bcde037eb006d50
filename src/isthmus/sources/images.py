"""Picture files as arrays, read by Pillow, which comes with matplotlib."""

from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from isthmus.store.reading import reading

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


def open_image(file: IO[bytes] | Path, place: Path | str, min_side: int = 0) -> "Image":
    """Open and decode a picture.

    Args:
        file: Stream, open at its start, or path.
        place: Location of the picture, for messages.
        min_side: Length down to which the shorter side may be reduced; 0 for the original size. (A JPEG is
            then decoded at a half, a quarter or an eighth of its size, in a fraction of the time.)

    Raises:
        InputError: If it is damaged or of an unknown format.
    """
    from PIL import Image

    with reading(place, "a picture"):
        image = Image.open(file)
        if min_side:
            image.draft("RGB", (min_side, min_side))
        image.load()
    return image


def to_array(image: "Image") -> np.ndarray:
    """Convert a picture of any mode to an array uint8 [3, H, W]."""
    return np.asarray(image.convert("RGB")).transpose(2, 0, 1)


def resize(image: "Image", size: int) -> np.ndarray:
    """Resize each side by itself (bilinear, smoothed when shrinking) and return uint8 [3, size, size]."""
    from PIL.Image import Resampling

    return to_array(image.convert("RGB").resize((size, size), Resampling.BILINEAR))


def crop_and_resize(image: "Image", size: int) -> np.ndarray:
    """Resize the square in the middle and return uint8 [3, size, size]."""
    from PIL.Image import Resampling

    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    middle = image.convert("RGB").crop((left, top, left + side, top + side))
    return to_array(middle.resize((size, size), Resampling.BILINEAR))
