"""`.parquet`, `.feather`: columns of numbers or text, or of lists of one length."""

from pathlib import Path

from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Table, formats
from isthmus.tasks.custom.frames import table_of_frame
from isthmus.tasks.custom.limits import check_bytes, check_fits, needed
from isthmus.tasks.custom.readers.ucr import with_test_file


@formats.register(".parquet")
@formats.register(".pq")
def read_parquet(path: Path) -> Table:
    """Read the columns of a table.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, what reads it is not installed, or there are no rows of data.
    """
    return with_test_file(read_table(path), read_table)


def read_table(path: Path) -> Table:
    """Read the columns of a table without that beside it."""
    parquet = needed("pyarrow.parquet", "parquet", path)
    with reading(path, ".parquet"):
        meta = parquet.read_metadata(path)
        sizes = [meta.row_group(i).total_byte_size for i in range(meta.num_row_groups)]
        check_bytes(path, "", sum(sizes), path.stat().st_size)
        check_fits(path, "columns", [sum(sizes)], 2)
        frame = parquet.read_table(path).to_pandas()
    return table_of_frame(path, frame)


@formats.register(".feather")
@formats.register(".arrow")
def read_feather(path: Path) -> Table:
    """Read the columns of a table in Arrow's own format, as a file or a stream.

    Args:
        path: Path of the file.

    Raises:
        InputError: If the file is damaged, what reads it is not installed, or there are no rows of data.
    """
    arrow = needed("pyarrow", "parquet", path)
    with reading(path, "Arrow"), arrow.memory_map(str(path)) as source:
        try:
            table = arrow.ipc.open_file(source).read_all()
        except arrow.ArrowInvalid:
            source.seek(0)
            table = arrow.ipc.open_stream(source).read_all()
        check_fits(path, "columns", [table.nbytes], 2)
        frame = table.to_pandas()
    return table_of_frame(path, frame)
