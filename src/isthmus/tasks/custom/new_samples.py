"""New samples for a trained run, read as its training data was."""

from pathlib import Path
from typing import Any

import numpy as np

from isthmus.config.description import Description, Names
from isthmus.tasks.custom.contents import Contents, Table
from isthmus.tasks.custom.missing import fill_in
from isthmus.tasks.custom.names import each
from isthmus.tasks.custom.objects import contents_of
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.tasks.custom.reading import opened, read_raw, refuse_gaps, shaped
from isthmus.tasks.sample_files import read_samples

NEW_NAMES = ("x", "x_test", "X", "X_test")
"""Arrays that are taken where the one that the run was trained on is not there"""
NOTHING_FILLS = "the run fills nothing in; leave that row out"


def read_new_samples(
    data: Any, description: Description | None = None, shape: tuple[int, ...] | None = None
) -> Samples:
    """Read samples to be predicted, with or without targets beside them.

    Args:
        data: File or folder of any format that data is read from, a bare `.npy`, or data in memory that
            `contents_of` knows.
        description: Complete description of the data that the run was trained on; None where there is none.
        shape: Shape [C, ...] of the samples that the run was trained on.

    Returns:
        Samples without targets; their ids are names if the file has those that the description names, else
        numbers from 0.

    Raises:
        InputError: If the file lacks what was trained on, or cannot be read.
    """
    is_path = isinstance(data, str | Path)
    contents = None if is_path else contents_of(data)
    path = Path(data) if contents is None else contents.path
    description = description or Description(data=path)
    if is_path and path.suffix.lower() == ".npy" and path.is_file():  # a single array needs no name
        samples = Samples(read_samples(path))
    else:
        contents = contents or opened(path, description)
        if shape is not None and description.window is None:
            contents = contents.fitted(shape)
        x = new_names(description, contents)
        samples = read_raw(contents, description, x, y=None)
        if description.fill is None:
            refuse_gaps(contents, x, samples.x, NOTHING_FILLS)
    samples = shaped(samples, description, path)
    if description.fill is not None:
        assert not isinstance(description.fill, float)
        samples = Samples(fill_in(samples.x, description.fill), ids=samples.ids)
    return samples if samples.ids else Samples(samples.x, ids={"sample": np.arange(len(samples))})


def new_names(description: Description, contents: Contents) -> Names:
    """Return the names of the samples in a new file.

    They are those of the training data, or in a table without a header as many columns; a file of arrays may
    call them `x` or `x_test`.

    Raises:
        InputError: If there are none that fit.
    """
    wanted = description.x
    if wanted is not None and set(each(wanted)) <= set(contents.names):
        return wanted
    if isinstance(contents, Table):
        numbered = contents.names == tuple(map(str, range(len(contents.names))))
        trained_on_columns = isinstance(wanted, tuple)
        if not trained_on_columns or (numbered and len(contents.names) == len(each(wanted))):
            return contents.names
        raise contents.unknown(next(name for name in each(wanted) if name not in contents.names))
    found = [name for name in NEW_NAMES if name in contents.names]
    if found:
        return found[0]
    if len(contents.names) == 1:
        return contents.names[0]
    raise contents.unknown(next((name for name in each(wanted) if name not in contents.names), "x"))
