"""`.mat`: variables by name, fields of structs as `struct.field`; of version 5 to 7.2, and 7.3, an HDF5."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.matlab import HDF5, USERBLOCK
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats, unused
from isthmus.tasks.custom.lazy import Rows, whole_or_lazy
from isthmus.tasks.custom.limits import check_fits, check_size


class Variables(Arrays):
    """Named arrays, which MATLAB calls variables."""

    item = "variable"


@formats.register(".mat")
def read_mat(path: Path) -> Variables:
    """List the variables of a file. Vectors [N, 1] and [1, N] become [N], cells of text become text.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged.
    """
    with reading(path, ".mat"), open(path, "rb") as file:
        head = file.read(USERBLOCK + len(HDF5))
    if HDF5 in (head[: len(HDF5)], head[USERBLOCK:]):
        return _version_73(path)
    return _version_5(path)


def _version_5(path: Path) -> Variables:
    """List the variables of a file that scipy reads; structs are read at once, arrays when they are taken."""
    from scipy.io import loadmat, whosmat

    readers: dict[str, Callable[[], Any]] = {}
    with reading(path, ".mat"):
        for name, shape, kind in whosmat(path):
            check_size(
                path, name, shape, 1 if kind in ("char", "logical", "int8", "uint8", "struct", "cell") else 8
            )
            if kind == "struct" and np.prod(shape) == 1:
                struct = loadmat(path, variable_names=[name])[name]
                fields = {f"{name}.{part}": struct[part].item() for part in struct.dtype.names or ()}
                readers |= {full: lambda value=value: value for full, value in fields.items()}  # type: ignore[misc]
            else:
                readers[name] = lambda name=name: loadmat(path, variable_names=[name])[name]  # type: ignore[misc]

    def read(name: str) -> Any:
        with reading(f"{path}:{name}", "a variable"):
            return _plain(path, name, readers[name]())

    return Variables(path, tuple(readers), read, unused(tuple(readers)))


def _plain(path: Path, name: str, value: Any) -> Any:
    """Return an array of numbers [N, ...], text [N], or a list of series, from what scipy reads.

    Raises:
        InputError: If it is anything else.
    """
    array = value.toarray() if hasattr(value, "toarray") else np.asarray(value)  # a sparse matrix
    if array.dtype == object:
        parts = [np.asarray(part) for part in array.ravel()]
        if parts and all(part.dtype.kind == "U" for part in parts):
            return np.array(["".join(part.ravel().tolist()) for part in parts])
        if not parts or any(part.dtype.kind not in "biuf" for part in parts):
            raise InputError(
                f"the variable '{name}' of '{path}' holds neither numbers nor text", kind="file", key=path
            )
        if all(part.size == 1 for part in parts):
            return np.array([part.item() for part in parts])
        return [part.ravel() if 1 in part.shape else part for part in parts]
    if array.dtype.kind == "U":
        return np.char.rstrip(array.ravel())
    if array.dtype.kind not in "biufc":
        raise InputError(
            f"the variable '{name}' of '{path}' holds neither numbers nor text", kind="file", key=path
        )
    return _vector(array)


def _vector(array: np.ndarray) -> np.ndarray:
    """Return [N] for [N, 1] or [1, N], since MATLAB has no vectors, and any other array as it is."""
    return array.ravel() if array.ndim == 2 and 1 in array.shape else array


def _version_73(path: Path) -> Variables:
    """List the variables of an HDF5 file that MATLAB wrote, with the order of axes reversed."""
    import h5py

    names: list[str] = []
    with reading(path, ".mat"), h5py.File(path) as file:
        for key, item in file.items():
            if isinstance(item, h5py.Dataset):
                names.append(key)
            elif not key.startswith("#"):
                names += [f"{key}.{part}" for part in item if isinstance(item[part], h5py.Dataset)]

    def read(name: str) -> Any:
        with reading(f"{path}:{name}", "a variable"), h5py.File(path) as file:
            return _from_hdf5(path, name, file)

    return Variables(path, tuple(names), read, unused(tuple(names)))


def _from_hdf5(path: Path, name: str, file: Mapping[str, Any]) -> Any:
    """Read a variable; one of many numbers stays in the file."""
    import h5py

    data: Any = file[name.replace(".", "/")]
    kind = _matlab_class(data)
    if data.dtype.hasobject:  # a cell: references to its parts
        parts = [file[reference] for reference in data[()].ravel(order="F")]
        if all(_matlab_class(part) == "char" for part in parts):
            return np.array([_text(part) for part in parts])
        arrays = [np.asarray(part[()]).T for part in parts]
        if all(array.size == 1 for array in arrays):
            return np.array([array.item() for array in arrays])
        return [array.ravel() if 1 in array.shape else array for array in arrays]
    if kind == "char":
        return np.array(["".join(map(chr, row)).rstrip() for row in np.atleast_2d(data[()].T)])
    if data.dtype.kind not in "biuf" or not data.shape or "MATLAB_empty" in data.attrs:
        raise InputError(
            f"the variable '{name}' of '{path}' holds neither numbers nor text", kind="file", key=path
        )
    check_size(path, name, data.shape, data.dtype.itemsize, data.id.get_storage_size())
    if 1 in data.shape and data.ndim == 2:
        return np.asarray(data[()]).ravel()
    shape, full = data.shape[::-1], name.replace(".", "/")

    @contextmanager
    def opened() -> Iterator[Rows]:
        with reading(path, "a variable"), h5py.File(path) as again:
            yield lambda start, stop: again[full][..., start:stop].transpose()

    if data.ndim < 2:
        check_fits(path, name, shape, data.dtype.itemsize)
    return whole_or_lazy(shape, data.dtype, opened)


def _matlab_class(data: Any) -> str:
    """Return MATLAB's name of the kind of a variable; empty where another program wrote it."""
    found = data.attrs.get("MATLAB_class", b"")
    return found.decode() if isinstance(found, bytes) else str(found)


def _text(data: Any) -> str:
    """Return the text of a variable of characters."""
    return "".join(map(chr, np.asarray(data[()]).T.ravel())) if "MATLAB_empty" not in data.attrs else ""
