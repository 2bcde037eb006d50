"""A file under construction, kept beside its final path until it is complete."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, NonNegativeInt

from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.files import check_disk_space, check_path, flush_to_disk, make_folder, told_when_full, write_text


class State(BaseModel):
    """The content of `state.json`: settings, and the checksum of every finished chunk.

    Earlier versions wrote numbers of chunks alone.
    """

    order: dict[str, Any]
    done: dict[NonNegativeInt, int] | list[NonNegativeInt]


class PartialFile:
    """The folder `FILE.unfinished/` with the file so far (`data`), its settings and progress (`state.json`).

    Args:
        path: Final path of the file.
        config: Settings that the file is made with, as plain data.
        size: Size of the complete file in bytes.
        create: Function that creates the file at a path, without the values of its chunks.
        checksum: Function from the path of the file so far and the number of a chunk to what its values
            amount to.

    Attributes:
        data: Path of the file so far.
        done: Checksum of each finished chunk, by its number.

    Raises:
        InputError: If the file exists already, was begun with other settings, or the disk is too full.
    """

    def __init__(
        self,
        path: Path,
        config: Mapping[str, Any],
        size: int,
        create: Callable[[Path], None],
        checksum: Callable[[Path, int], int],
    ) -> None:
        if path.exists():
            raise InputError(
                f"'{path}' is there already; remove it or give another name", kind="conflict", key=path
            )
        self.path = path
        self.folder = path.with_name(f"{path.name}.unfinished")
        self.data, self._state = self.folder / "data", self.folder / "state.json"
        self.config, self._checksum = dict(config), checksum
        self.done: dict[int, int] = {}
        exists = self._read_state()
        make_folder(path.absolute().parent)
        allocated = _blocks(self.data) * 512 if self.data.exists() else 0
        check_disk_space(path, size - allocated, "give another place or fewer samples")
        if not exists:
            make_folder(self.folder)
            with told_when_full(self.data):
                create(self.data)
            self._write_state()

    def mark_done(self, chunk: int) -> None:
        """Record that a chunk is in the file, after the disk has it."""
        flush_to_disk(self.data)
        self.done[chunk] = self._checksum(self.data, chunk)
        self._write_state()

    def finish(self) -> None:
        """Move the complete file to its final path."""
        os.replace(self.data, self.path)
        shutil.rmtree(self.folder)

    def _read_state(self) -> bool:
        """Take up an unfinished file with the chunks that are as they were; return whether there is one."""
        for path in (self.data, self._state):
            if path.is_symlink() or path.exists():
                check_path(path)  # a loop of links does not exist, and cannot be written either
        if not (self.data.exists() and self._state.exists()):
            return False
        state = read_json(self._state, State, f"remove '{self.folder}' to begin anew")
        for key, value in self.config.items():
            if state.order.get(key) != value:
                raise InputError(
                    f"'{self.folder}' was begun with {key} {state.order.get(key)}, not {value}; "
                    "give the same or remove it",
                    kind="conflict",
                    key=key,
                )
        told = state.done.items() if isinstance(state.done, dict) else ()
        self.done = {chunk: value for chunk, value in told if self._checksum(self.data, chunk) == value}
        return True

    def _write_state(self) -> None:
        # The settings are called "order" on disk, as in files that earlier versions have begun.
        write_text(self._state, json.dumps({"order": self.config, "done": self.done}))


def _blocks(path: Path) -> int:
    """Return the blocks of 512 bytes that a file has on the disk; 0 where a system does not tell."""
    return getattr(path.stat(), "st_blocks", 0)
