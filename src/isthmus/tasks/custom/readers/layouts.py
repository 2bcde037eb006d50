"""Folders of arrays or tables: `X_train.npy` beside `y_train.npy`, `NAME_TRAIN.ts`, a table of file names."""

from collections import Counter
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.custom.column_facts import TARGETS, plain
from isthmus.tasks.custom.contents import Contents, open_contents, suffix_of
from isthmus.tasks.custom.pairs import TRAIN, test_file
from isthmus.tasks.custom.readers.csv import read_table
from isthmus.tasks.custom.readers.npy import arrays_of
from isthmus.tasks.custom.roles import roles
from isthmus.tasks.custom.sample_folders import file_samples, folder_formats, sample_files, sample_formats

TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PREFERRED = (".ts", ".arff", ".tsv", ".csv", ".txt")
"""Which of several pairs with one content is read, as the UCR archive has them"""


@folder_formats.register("arrays beside one another")
def read_arrays(path: Path) -> Contents | None:
    """Read the `.npy` files of a folder, if their names say which are x and y.

    Args:
        path: Path of the folder.
    """
    files = [file for file in sample_files(path.iterdir()) if suffix_of(file) == ".npy"]
    found = roles(file.stem for file in files)
    return arrays_of(path, files) if {"x", "y"} <= {name[0] for name in found} else None


@folder_formats.register("a pair of files")
def read_pair(path: Path) -> Contents | None:
    """Read the file of training data of a folder that holds it and one of test data, as the UCR archive does.

    Args:
        path: Path of the folder.
    """
    files = [file for file in sample_files(path.iterdir()) if suffix_of(file) in PREFERRED]
    pairs = [file for file in files if TRAIN.search(file.name) and test_file(file) is not None]
    whole = [file for file in pairs if "Dimension" not in file.name]
    if not whole:
        return None
    chosen = min(whole, key=lambda file: PREFERRED.index(suffix_of(file)))
    return open_contents(chosen).noting(f"read from '{chosen.name}'")


@folder_formats.register("a table of file names")
def read_labelled(path: Path) -> Contents | None:
    """Read samples whose files a table in the folder names, with its other columns by name.

    The table may lie in a subfolder without samples. y is the one column that is called as targets are, or
    else the last.

    Args:
        path: Path of the folder.

    Raises:
        InputError: If a name in the table may be that of several files.
    """
    tables = [file for file in sample_files(path.iterdir()) if suffix_of(file) in TABLES]
    files = [
        file
        for file in sorted(path.rglob("*"))
        if suffix_of(file) in sample_formats
        and suffix_of(file) not in (*TABLES, ".txt", ".dat")
        and file.is_file()
    ]
    folders = {file.parent for file in files}
    tables = tables or [file for file in path.glob("*/*") if suffix_of(file) in TABLES]
    tables = [file for file in sample_files(tables) if file.parent == path or file.parent not in folders]
    if len(tables) != 1 or not files:
        return None
    by_name: dict[str, list[Path]] = {}
    for file in files:
        inside = file.relative_to(path)
        for key in {file.stem, file.name, inside.as_posix(), inside.with_suffix("").as_posix()}:
            by_name.setdefault(key, []).append(file)
    table = read_table(tables[0])
    for name in table.names:
        column = table.read(name).astype(str)
        known = [cell in by_name for cell in column.tolist()]
        if np.mean(known) < 0.5:
            continue
        found = [(cell, by_name[cell]) for cell in column.tolist() if cell in by_name]
        chosen = [_only(tables[0], cell, named) for cell, named in found]
        kinds = Counter(sample_formats[suffix_of(file)] for file in chosen)
        if len(kinds) > 1:
            continue
        others = [other for other in table.names if other != name]
        labels = {other: table.read(other)[np.array(known)] for other in others}
        called = [other for other in others if plain(other) in TARGETS]
        target = called[0] if len(called) == 1 else others[-1] if others else ""
        more = "; to change it give --y with the name of another" if len(others) > 1 else ""
        notes = [f"y is column '{target}' of '{tables[0].name}'{more}"] if others else []
        if not all(known):
            notes.append(f"{known.count(False)} rows of '{tables[0].name}' name files that are not there")
        return file_samples(path, {"": chosen}, labels, *notes, target=target)
    return None


def _only(table: Path, name: str, files: list[Path]) -> Path:
    """Return the one file with a name, of several with different suffixes the last.

    Raises:
        InputError: If there are some in other folders.
    """
    if len({file.parent for file in files}) > 1:
        raise InputError(
            f"'{name}' in '{table}' may be '{files[0]}' or '{files[-1]}'; write the names with their folders",
            kind="file",
            key=table,
        )
    return files[-1]
