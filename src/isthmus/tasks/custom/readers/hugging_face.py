"""Folders that `datasets` saved, with `state.json` and `.arrow` files; folders of shards of parquet.

They are read by pyarrow, which is what `datasets` reads them with.
"""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Contents, Table
from isthmus.tasks.custom.frames import column_values, table_of_frame
from isthmus.tasks.custom.limits import check_fits, needed
from isthmus.tasks.custom.pairs import paired_tables
from isthmus.tasks.custom.roles import PARTS
from isthmus.tasks.custom.sample_folders import folder_formats

LABELS = ("label", "labels", "target", "y")
"""Names of the column that is y, wherever it stands"""
SHARD = re.compile(r"(?:^|.*[-_/])?(train|test|validation|val|dev)(?:[-_].*)?\.parquet", re.IGNORECASE)


@folder_formats.register("saved by datasets")
def read_saved(path: Path) -> Contents | None:
    """Read a folder that `save_to_disk` wrote.

    Args:
        path: Path of the folder.

    Raises:
        InputError: If it is damaged, or what reads it is not installed.
    """
    if (path / "state.json").is_file():
        return _saved_part(path)
    if not (path / "dataset_dict.json").is_file():
        return None
    with reading(path / "dataset_dict.json", "JSON"):
        splits = json.loads((path / "dataset_dict.json").read_text(encoding="utf-8"))["splits"]
        parts = {PARTS.get(str(name), str(name)): path / Path(str(name)).name for name in splits}
    return _joined(path, {part: _saved_part(folder) for part, folder in parts.items()})


@folder_formats.register("shards of parquet")
def read_shards(path: Path) -> Contents | None:
    """Read a folder of parquet files, `train-00000-of-00002.parquet`, itself or in its subfolder `data`.

    Args:
        path: Path of the folder.

    Raises:
        InputError: If a file is damaged, or what reads it is not installed.
    """
    found: dict[str, list[Path]] = {}
    for file in sorted([*path.glob("*.parquet"), *path.glob("data/*.parquet")]):
        match = SHARD.fullmatch(file.name)
        if match is not None:
            found.setdefault(PARTS[match[1].lower()], []).append(file)
    if not found:
        return None
    parquet = needed("pyarrow.parquet", "parquet", path)
    parts = {}
    for part, files in found.items():
        check_fits(path, part, [sum(file.stat().st_size for file in files)], 4)
        with reading(files[0], "parquet"):
            parts[part] = _table(path, parquet.read_table(files).combine_chunks())
    return _joined(path, parts)


def _joined(path: Path, parts: dict[str, Table]) -> Table:
    """Return the training part with the columns of the test part beside it."""
    if "train" not in parts and len(parts) > 1:
        raise InputError(f"'{path}' holds {', '.join(parts)} and no part train", kind="file", key=path)
    table = replace(parts.get("train") or next(iter(parts.values())), path=path)
    if "val" in parts and "train" in parts:
        table = table.noting("the validation part is not used: validation data is cut from the training data")
    return paired_tables(table, parts["test"]) if "test" in parts and "train" in parts else table


def _saved_part(path: Path) -> Table:
    """Read the table of a folder with `state.json`."""
    arrow = needed("pyarrow", "parquet", path)
    with reading(path, "a folder of datasets"):
        state = json.loads((path / "state.json").read_text(encoding="utf-8"))
        files = [path / Path(str(one["filename"])).name for one in state["_data_files"]]
        check_fits(path, "columns", [sum(file.stat().st_size for file in files)], 2)
        tables = [_stream(arrow, file) for file in files]
        table = arrow.concat_tables(tables)
        indices = state.get("_indices_files") or []
        if indices:  # a selection of the rows
            chosen = arrow.concat_tables(
                [_stream(arrow, path / Path(str(i["filename"])).name) for i in indices]
            )
            table = table.take(chosen.column(0))
        return _table(path, table)


def _stream(arrow: Any, file: Path) -> Any:
    """Read the table of an Arrow file."""
    with arrow.OSFile(str(file)) as source:
        return arrow.ipc.open_stream(source).read_all()


def _table(path: Path, table: Any) -> Table:
    """Return the columns of an Arrow table; classes get their names, pictures their pixels, y comes last."""
    meta = (table.schema.metadata or {}).get(b"huggingface")
    features = json.loads(meta)["info"]["features"] if meta else {}
    frame = table.to_pandas()
    for name in LABELS:
        if name in frame.columns:
            frame[name] = frame.pop(name)  # to the end
            break
    contents = table_of_frame(path, frame)

    def read(name: str) -> np.ndarray:
        kind = features.get(name, {}) if isinstance(features.get(name, {}), dict) else {}
        if kind.get("_type") == "ClassLabel" and kind.get("names"):
            names: np.ndarray = np.array(kind["names"])
            return np.asarray(names[frame[name].to_numpy()])
        if kind.get("_type") == "Image":
            return _pictures(path, name, frame[name])
        return column_values(path, name, frame[name])

    return Table(path, contents.names, read, contents.notes)


def _pictures(path: Path, name: str, column: Any) -> np.ndarray:
    """Return pictures [N, C, H, W] that lie in a column as the bytes of files."""
    from PIL import Image

    arrays = []
    for row, cell in enumerate(column, 1):
        with (
            reading(f"{path}:{name}, row {row}", "a picture"),
            Image.open(io.BytesIO(cell["bytes"])) as picture,
        ):
            pixels = np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
        arrays.append(pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0))
    if len({array.shape for array in arrays}) > 1:
        raise InputError(
            f"the pictures '{name}' of '{path}' differ in size; resize them to one", kind="file", key=path
        )
    return np.stack(arrays)
