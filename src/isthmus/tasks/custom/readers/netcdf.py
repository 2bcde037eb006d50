"""`.nc`: variables by name, read by xarray with their scale and fill values applied; read lazily."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.matlab import HDF5
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Arrays, formats, unused
from isthmus.tasks.custom.lazy import Rows, check_numbers, whole_or_lazy
from isthmus.tasks.custom.limits import check_size, needed
from isthmus.tasks.custom.roles import listed_as


class NetCDFVariables(Arrays):
    """Named arrays, which netCDF calls variables."""

    item = "variable"


@formats.register(".nc")
@formats.register(".nc4")
@formats.register(".cdf")
def read_netcdf(path: Path) -> NetCDFVariables:
    """List the variables of a file that have an axis.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, or what reads it is not installed.
    """
    xarray = needed("xarray", "netcdf", path)
    with reading(path, "netCDF"), open(path, "rb") as file:
        engine = "h5netcdf" if file.read(len(HDF5)) == HDF5 else "scipy"
    if engine == "h5netcdf":
        needed("h5netcdf", "netcdf", path)

    @contextmanager
    def dataset() -> Iterator[Any]:
        # Times stay numbers, and nothing is kept in memory between two readings.
        with xarray.open_dataset(path, engine=engine, decode_times=False, cache=False) as opened:
            yield opened

    with reading(path, "netCDF"), dataset() as data:
        listed = {
            listed_as(str(name), variable.dims): str(name)
            for name, variable in data.variables.items()
            if variable.shape
        }
    names = tuple(listed)

    def read(name: str) -> Any:
        name = listed[name]
        with reading(f"{path}:{name}", "a variable"), dataset() as data:
            variable = data.variables[name]
            shape, dtype = variable.shape, variable.dtype
            check_size(path, name, shape, dtype.itemsize)
            if dtype.kind in "OSU":
                return _text(path, name, variable.values)
        check_numbers(path, name, "variable", dtype)

        @contextmanager
        def opened() -> Iterator[Rows]:
            with reading(path, "a variable"), dataset() as data:
                yield lambda start, stop: data.variables[name][start:stop].values

        return whole_or_lazy(shape, dtype, opened)

    return NetCDFVariables(path, names, read, unused(names))


def _text(path: Path, name: str, values: np.ndarray) -> np.ndarray:
    """Return an array of text.

    Raises:
        InputError: If it holds something else.
    """
    parts = [part.decode() if isinstance(part, bytes) else part for part in values.ravel().tolist()]
    if not all(isinstance(part, str) for part in parts):
        raise InputError(
            f"the variable '{name}' of '{path}' holds objects; save numbers or text", kind="file", key=path
        )
    return np.array(parts).reshape(values.shape)
