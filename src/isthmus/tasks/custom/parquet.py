"""`.parquet`: columns of numbers or text, or of lists of one length."""

from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Table, formats


@formats.register(".parquet")
def read_parquet(path: Path) -> Table:
    """Read the columns of a table.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, what reads it is not installed, or there are no rows of data.
    """
    import pandas

    with reading(path, ".parquet"):
        try:
            frame = pandas.read_parquet(path)
        except ImportError:
            raise InputError(
                f"'{path}' is read by pandas and pyarrow: pip install pandas pyarrow",
                kind="dependency",
                key="pyarrow",
            ) from None
    names = tuple(str(name) for name in frame.columns)
    if frame.empty:
        raise InputError(f"'{path}' holds no rows of data", kind="file", key=path)

    def read(name: str) -> np.ndarray:
        column = frame.iloc[:, names.index(name)]
        Table.check_missing(path, name, column.isna().to_numpy())
        with reading(f"{path}:{name}", "a column"):
            array = np.asarray(column.tolist())  # Text and lists become arrays instead of objects.
        if array.dtype.kind not in "biufU":
            raise InputError(
                f"the column '{name}' of '{path}' holds neither numbers nor text", kind="file", key=path
            )
        return array

    return Table(path, names, read)
