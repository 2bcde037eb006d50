"""A file in the making, which lies beside its place until it is whole."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.files import check_disk_space, make_folder, write_text


class PartialFile:
    """`FILE.unfinished/`: the data so far (`data`), what it is of and which chunks are done (`state.json`).

    Args:
        path: where the file will be.
        order: what it is of, as plain data.
        size: bytes of the whole file.
        create: makes it, as yet empty, at a path.

    Raises:
        InputError: if the file is there already, was begun with another order, or the disk is too full.
    """

    def __init__(
        self, path: Path, order: Mapping[str, Any], size: int, create: Callable[[Path], None]
    ) -> None:
        if path.exists():
            raise InputError(f"'{path}' is there already; remove it or give another name")
        self.path = path
        self.folder = path.with_name(f"{path.name}.unfinished")
        self.data, self._state = self.folder / "data", self.folder / "state.json"
        self.order, self.done = dict(order), set[int]()
        begun = self._read()
        make_folder(path.absolute().parent)
        there = self.data.stat().st_blocks * 512 if self.data.exists() else 0
        check_disk_space(path, size - there, "give another place or fewer samples")
        if not begun:
            make_folder(self.folder)
            create(self.data)
            self._write()

    def add(self, chunk: int) -> None:
        """Note that a chunk's samples are in the file, once the disk has them."""
        with open(self.data, "rb") as file:
            os.fsync(file.fileno())
        self.done.add(chunk)
        self._write()

    def finish(self) -> None:
        """Give the file its name."""
        os.replace(self.data, self.path)
        shutil.rmtree(self.folder)

    def _read(self) -> bool:
        """Take up what was begun, if it was."""
        if not (self.data.exists() and self._state.exists()):
            return False
        state = json.loads(self._state.read_text(encoding="utf-8"))
        for key, value in self.order.items():
            if state["order"].get(key) != value:
                raise InputError(
                    f"'{self.folder}' was begun with {key} {state['order'].get(key)}, not {value}; "
                    "give the same or remove it"
                )
        self.done = set(state["done"])
        return True

    def _write(self) -> None:
        write_text(self._state, json.dumps({"order": self.order, "done": sorted(self.done)}))
