"""Training and test data in two files side by side: `Coffee_TRAIN.ts` and `Coffee_TEST.ts`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isthmus.tasks.custom.contents import TEST, Arrays, Table

TRAIN = re.compile(r"(?<![a-zA-Z])(train)(?:ing)?(?![a-zA-Z])", re.IGNORECASE)
SPELLINGS = {"TRAIN": "TEST", "Train": "Test", "train": "test"}


def test_file(path: Path) -> Path | None:
    """Return the file of test data beside one of training data, if there is one."""
    found = TRAIN.search(path.name)
    if found is None:
        return None
    word = SPELLINGS.get(found[1], "test")
    other = path.with_name(path.name[: found.start()] + word + path.name[found.end() :])
    return other if other.is_file() else None


def paired_arrays(
    path: Path, arrays: Mapping[str, Any], test: Mapping[str, Any] | None, notes: tuple[str, ...]
) -> Arrays:
    """Return the contents `x`, `y` of a file, or `x_train`, `y_train`, `x_test`, `y_test` of two."""
    if test is None:
        return Arrays(path, tuple(arrays), arrays.__getitem__, notes)
    both = {f"{name}_train": array for name, array in arrays.items()}
    both |= {f"{name}_test": array for name, array in test.items()}
    return Arrays(path, tuple(both), both.__getitem__, notes)


def paired_tables(table: Table, test: Table) -> Table:
    """Return the columns of a table, and those of test data under names that begin with `test/`."""
    names = (*table.names, *(TEST + name for name in test.names))

    def read(name: str) -> Any:
        return test.read(name.removeprefix(TEST)) if name.startswith(TEST) else table.read(name)

    return Table(table.path, names, read, table.notes, table.rows)


def pair_note(test: Path) -> str:
    """Return the note that a second file is used."""
    return f"test data is read from '{test.name}' beside it; describe the data to use another"
