"""`.fits`: arrays by the name of their unit, or the columns of the first table, read by astropy."""

from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, Contents, Table, formats, unused
from isthmus.tasks.custom.limits import check_size, needed
from isthmus.tasks.custom.sample_folders import SampleReader, sample_formats

SUFFIXES = (".fits", ".fit", ".fts", ".fits.gz")


def read_fits(path: Path) -> Contents:
    """List the images of a file as arrays, or, where there are none, the columns of its first table.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, what reads it is not installed, or it holds neither.
    """
    io = needed("astropy.io.fits", "fits", path)
    images: dict[str, int] = {}
    with reading(path, "FITS"), io.open(path) as units:
        units.verify("exception")
        for number, unit in enumerate(units):
            if unit.is_image and unit.shape:
                check_size(path, unit.name, unit.shape, abs(unit.header["BITPIX"]) // 8)
                images[
                    (unit.name if unit.name not in ("", *images) else f"{unit.name or 'UNIT'}{number}")
                ] = number
        tables = [
            number for number, unit in enumerate(units) if not unit.is_image and hasattr(unit, "columns")
        ]
        if not images and tables:
            return _table(path, units[tables[0]])

    def read(name: str) -> Any:
        with reading(f"{path}:{name}", "an image"), io.open(path, memmap=False) as units:
            return _native(units[images[name]].data)

    if not images:
        raise InputError(f"'{path}' holds no image and no table", kind="file", key=path)
    return Arrays(path, tuple(images), read, unused(tuple(images)))


def _table(path: Path, unit: Any) -> Table:
    """Read the columns of a table: numbers, text, or arrays of one shape."""
    check_size(path, unit.name, [unit.header["NAXIS2"], unit.header["NAXIS1"]], 1)
    columns: dict[str, np.ndarray] = {}
    for name in unit.columns.names:
        values = np.asarray(unit.data[name])
        if values.dtype.kind == "S":
            values = np.char.decode(values, "utf-8")
        columns[name] = np.char.strip(values) if values.dtype.kind == "U" else _native(values)
    if not len(unit.data):
        raise InputError(f"'{path}' holds no rows of data", kind="file", key=path)
    return Table(path, tuple(columns), columns.__getitem__)


def _native(values: np.ndarray) -> np.ndarray:
    """Return numbers in this machine's order of bytes; FITS keeps the other one."""
    return np.array(values, dtype=values.dtype.newbyteorder("="))


class FitsImages(SampleReader):
    """Reader of the first image of a file."""

    what = "image"

    def read(self, path: Path) -> np.ndarray:
        """Read [L] or [1, H, W], or [C, H, W] of a cube."""
        contents = read_fits(path)
        if not isinstance(contents, Arrays):
            raise InputError(f"'{path}' holds a table and no image", kind="file", key=path)
        image = np.asarray(contents.take(contents.names[0]))
        return image[None] if image.ndim == 2 else image


IMAGES = FitsImages()
for suffix in SUFFIXES:
    formats.register(suffix)(read_fits)
    sample_formats.register(suffix)(IMAGES)
