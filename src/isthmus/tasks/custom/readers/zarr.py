"""`.zarr`: arrays of a store by their path in it, such as `ecg/signals`; read lazily."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats, unused
from isthmus.tasks.custom.lazy import Rows, check_numbers, whole_or_lazy
from isthmus.tasks.custom.limits import check_size, needed
from isthmus.tasks.custom.roles import listed_as

PICKLES = ("pickle", "numcodecs.pickle")
"""Codecs that would load a pickle"""


@formats.register(".zarr")
def read_zarr(path: Path) -> Arrays:
    """List the arrays of a store, which is a folder.

    Args:
        path: Path of the store.

    Raises:
        InputError: If it is damaged, or what reads it is not installed.
    """
    zarr = needed("zarr", "zarr", path)
    with reading(path, "zarr"):
        root = zarr.open(str(path), mode="r")
        if isinstance(root, zarr.Array):
            arrays = {path.stem: root}
        else:
            members = sorted(root.members(max_depth=None), key=lambda member: str(member[0]))
            arrays = {
                listed_as(name, _dimensions(item)): item
                for name, item in members
                if isinstance(item, zarr.Array)
            }
    names = tuple(arrays)

    def read(name: str) -> Any:
        return _read_array(path, name, arrays[name])

    return Arrays(path, names, read, unused(names))


def _read_array(path: Path, name: str, array: Any) -> Any:
    """Read an array of numbers or text; one of many numbers stays in the store.

    Raises:
        InputError: If it holds a single value or a pickle, or was declared and never written.
    """
    with reading(f"{path}:{name}", "an array"):
        codecs = [*getattr(array, "filters", ()), *getattr(array, "compressors", ())]
        if any(_codec_name(codec) in PICKLES for codec in codecs):
            raise ValueError("it holds a pickle, which is never loaded")
        if not array.shape:
            raise InputError(
                f"the array '{name}' of '{path}' holds a single value; an array is right",
                kind="file",
                key=path,
            )
        check_size(path, name, array.shape, max(1, array.dtype.itemsize), array.nbytes_stored())
        if array.dtype.kind in "OTUS":
            return np.asarray(array[:]).astype(str)
    check_numbers(path, name, "array", array.dtype)

    @contextmanager
    def opened() -> Iterator[Rows]:
        with reading(path, "an array"):
            yield lambda start, stop: array[start:stop]

    return whole_or_lazy(array.shape, array.dtype, opened)


def _dimensions(array: Any) -> tuple[str, ...]:
    """Return the names that xarray gave to the axes of an array; nothing where another program wrote it."""
    named = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    return tuple(map(str, named or ()))


def _codec_name(codec: Any) -> str:
    """Return the name under which a codec is stored."""
    return str(getattr(codec, "codec_id", "") or getattr(codec, "codec_name", "")).lower()
