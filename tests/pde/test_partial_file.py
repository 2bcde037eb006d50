"""A file under construction."""

import json
import os
import shutil
import zlib
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isthmus.pde.partial_file import PartialFile

CONFIG = {"equation": "burgers1d", "parameters": {"nu": 1.0}, "seed": 0}


def begin(path: Path, config: dict[str, Any] = CONFIG, size: int = 4) -> PartialFile:
    def create(data: Path) -> None:
        data.write_bytes(b"\0" * 4)

    return PartialFile(path, config, size, create, checksum)


def checksum(data: Path, chunk: int) -> int:
    return zlib.crc32(data.read_bytes()[chunk : chunk + 1])


def test_it_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "below" / "a.hdf5"
    unfinished = begin(path)
    unfinished.data.write_bytes(b"done")
    assert not path.exists()
    unfinished.finish()
    assert path.read_bytes() == b"done"
    assert [p.name for p in path.parent.iterdir()] == ["a.hdf5"]


def test_what_was_begun_is_taken_up(tmp_path: Path) -> None:
    first = begin(tmp_path / "a")
    first.data.write_bytes(b"half")
    for chunk in (3, 0):
        first.mark_done(chunk)
    second = begin(tmp_path / "a")
    assert second.done.keys() == {0, 3}
    assert second.data.read_bytes() == b"half"


def test_a_chunk_that_has_changed_is_not_done(tmp_path: Path) -> None:
    first = begin(tmp_path / "a")
    first.data.write_bytes(b"half")
    for chunk in (0, 1, 3):
        first.mark_done(chunk)
    first.data.write_bytes(b"hal")
    assert begin(tmp_path / "a").done.keys() == {0, 1}
    first.data.write_bytes(b"hulf")
    assert begin(tmp_path / "a").done.keys() == {0, 3}


def test_a_chunk_without_a_checksum_is_not_done(tmp_path: Path) -> None:
    """As earlier versions wrote it."""
    begin(tmp_path / "a").mark_done(0)
    state = tmp_path / "a.unfinished" / "state.json"
    state.write_text(json.dumps({"order": CONFIG, "done": [0]}))
    assert begin(tmp_path / "a").done == {}


@pytest.mark.parametrize(
    "content", ["", "[]", '{"order": {}}', '{"order": {}, "done": "x"}', '{"done": {"-1": 0}}']
)
def test_a_damaged_state_is_one_line(tmp_path: Path, content: str, refuses: Callable[..., Any]) -> None:
    begin(tmp_path / "a")
    state = tmp_path / "a.unfinished" / "state.json"
    state.write_text(content)
    with refuses("file", state):
        begin(tmp_path / "a")


@pytest.mark.parametrize("name", ["data", "state.json"])
@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to(path.name)], ids=["pipe", "loop"])
def test_what_is_no_file_is_told_at_once(
    tmp_path: Path, name: str, put: Callable[[Path], None], refuses: Callable[..., Any]
) -> None:
    begin(tmp_path / "a")
    path = tmp_path / "a.unfinished" / name
    path.unlink()
    put(path)
    with refuses("file", path):
        begin(tmp_path / "a")


@pytest.mark.parametrize("lost", ["data", "state.json"])
def test_what_was_barely_begun_is_begun_again(tmp_path: Path, lost: str) -> None:
    begin(tmp_path / "a").mark_done(0)
    (tmp_path / "a.unfinished" / lost).unlink()
    again = begin(tmp_path / "a")
    assert again.done == {}
    assert again.data.read_bytes() == b"\0" * 4


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", 1), ("parameters", {"nu": 2.0})],
)
def test_other_settings_are_refused(
    tmp_path: Path, key: str, value: Any, refuses: Callable[..., Any]
) -> None:
    begin(tmp_path / "a").mark_done(0)
    with refuses("conflict", key):
        begin(tmp_path / "a", CONFIG | {key: value})
    assert begin(tmp_path / "a").done.keys() == {0}


def test_a_file_that_is_there_is_left_alone(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    (tmp_path / "a").write_text("mine")
    with refuses("conflict", tmp_path / "a"):
        begin(tmp_path / "a")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**10, 7 * 10**9, 3 * 10**9))
    with refuses("file", tmp_path / "a"):
        begin(tmp_path / "a", size=5 * 10**9)
    assert list(tmp_path.iterdir()) == []
    begin(tmp_path / "a", size=3 * 10**9)
