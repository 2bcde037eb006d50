import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isthmus.files import atomic_write, check_disk_space, is_part, make_folder, sweep, write_text

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def test_text_is_written_as_utf_8(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "λ = k / L\n")
    assert (tmp_path / "a.txt").read_bytes() == "λ = k / L\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_is_replaced(tmp_path: Path) -> None:
    for text in ("old", "new"):
        write_text(tmp_path / "a.txt", text)
    assert (tmp_path / "a.txt").read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(path) as beside:
        assert beside.parent == path.parent  # else the rename is not atomic
        beside.write_text("half")
        assert path.read_text() == "old"
        beside.write_text("whole")
    assert path.read_text() == "whole"


@pytest.mark.parametrize("before", [None, "old"])
def test_a_failure_leaves_what_was_there(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "a.txt"
    if before is not None:
        path.write_text(before)

    def write_half() -> None:
        with atomic_write(path) as beside:
            beside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == (
        [] if before is None else [("a.txt", before)]
    )


def test_the_disk_has_it_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handle that is flushed can write: Windows refuses others."""
    flushed = []

    def fsync(handle: int) -> None:
        flushed.append((fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE, (tmp_path / "a").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(tmp_path / "a", "whole")
    assert flushed == [(os.O_RDWR, False)]


def test_the_suffix_stays(tmp_path: Path) -> None:
    """numpy appends .npy to a path that lacks it."""
    with atomic_write(tmp_path / "a.npy") as beside:
        assert beside.suffix == ".npy"
        beside.touch()


def test_folders_are_made_with_their_parents(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert make_folder(folder) == folder
    assert folder.is_dir()
    assert make_folder(folder) == folder


@pytest.mark.parametrize("below", ["", "b"])
def test_a_file_is_not_a_folder(tmp_path: Path, below: str, refuses: Callable[..., Any]) -> None:
    path = tmp_path / "a"
    path.write_text("")
    with refuses("file", path / below):
        make_folder(path / below)


@pytest.mark.skipif(AS_ROOT, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    tmp_path.chmod(0o500)
    with refuses("file", tmp_path):
        make_folder(tmp_path)
    with refuses("file", tmp_path / "a"):
        make_folder(tmp_path / "a")
    tmp_path.chmod(0o700)


def test_a_folder_that_may_not_be_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    """As above, for whoever the permissions do not bind."""
    monkeypatch.setattr(os, "access", lambda path, mode: not (Path(path) == tmp_path and mode == os.W_OK))
    with refuses("file", tmp_path):
        make_folder(tmp_path)


def test_a_folder_that_cannot_be_made_says_why(refuses: Callable[..., Any]) -> None:
    with refuses("file", "/proc/isthmus", upto="cannot make the folder '/proc/isthmus':"):
        make_folder(Path("/proc/isthmus"))


def test_a_file_that_cannot_be_written_is_said(refuses: Callable[..., Any]) -> None:
    with refuses("file", "/proc/a.txt", upto="cannot write '/proc/a.txt':"):
        write_text(Path("/proc/a.txt"), "")


def test_files_are_as_readable_as_others(tmp_path: Path) -> None:
    """Some writers make files for their owner alone."""
    (tmp_path / "other").touch()
    with atomic_write(tmp_path / "a") as beside:
        os.close(os.open(beside, os.O_CREAT | os.O_WRONLY, 0o600))
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with atomic_write(tmp_path / "b" / "a.txt") as beside:
        left = [beside, tmp_path / f".config.yaml.{os.getpid()}.part.yaml", tmp_path / ".log.7.part"]
        kept = [tmp_path / name for name in ("a.part", ".hidden", ".a.part", ".a.7.partly", "b/a.7.part.txt")]
        for path in [*left, *kept]:
            path.touch()
        assert [is_part(path) for path in [*left, *kept]] == [True] * 3 + [False] * 5
        sweep(tmp_path)
        assert [path.exists() for path in [*left, *kept]] == [False] * 3 + [True] * 5
        beside.touch()


def test_a_folder_that_a_killed_process_saved_through_is_swept(tmp_path: Path) -> None:
    for name in (".saving-ab3_x", "saving-ab3_x"):
        (tmp_path / "model" / name).mkdir(parents=True)
        (tmp_path / "model" / name / "config.json").write_text("{}")
    sweep(tmp_path)
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["saving-ab3_x"]


def test_too_little_room_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    usage, asked = shutil.disk_usage(tmp_path), []

    def disk_usage(folder: Path) -> Any:
        asked.append(folder)
        return usage._replace(free=3 * 10**9)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    check_disk_space(tmp_path / "a", 3 * 10**9)
    with refuses("file", tmp_path / "a"):
        check_disk_space(tmp_path / "a", 5 * 10**9, "give fewer samples")
    assert asked == [tmp_path, tmp_path]
