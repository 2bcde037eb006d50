"""Archives are read member by member; one that would write outside of its folder is refused."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isthmus.errors import InputError
from isthmus.store.archives import open_archive

MEMBERS = {"top/a/one.txt": b"1", "top/b/one.txt": b"2", "top/b/two.txt": b"3" * 3000}


def zipped(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def tarred(path: Path, members: dict[str, bytes], mode: Any = "w") -> None:
    with tarfile.open(path, mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def gzipped(path: Path, members: dict[str, bytes]) -> None:
    tarred(path, members, "w:gz")


KINDS = [("a.zip", zipped), ("a.tar", tarred), ("a.tar.gz", gzipped)]


@pytest.mark.parametrize(("name", "write"), KINDS)
def test_members_are_found_by_their_path(
    tmp_path: Path, name: str, write: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    write(tmp_path / name, MEMBERS)
    with open_archive(tmp_path / name) as archive:
        assert archive.read("top/b/one.txt") == b"2"
        assert archive.read("a/one.txt") == b"1"
        assert archive.read("./elsewhere/top/a/one.txt".removeprefix("./")) == b"1"
        assert archive.read(archive.named("two.txt")) == b"3" * 3000
        assert archive.under("b") == ["top/b/one.txt", "top/b/two.txt"]
        assert archive.under("top", "a") == ["top/a/one.txt"]
        assert "top/a/one.txt" in archive
        assert "a/one.txt" not in archive
        with refuses("file", tmp_path / name):
            archive.find("c/one.txt")
        with refuses("file", tmp_path / name):
            archive.named("one.txt")
        with refuses("file", tmp_path / name):
            archive.named("three.txt")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("name", "write"), KINDS)
@pytest.mark.parametrize(
    "path", ["../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "C:evil", "a/b/../../../evil"]
)
def test_a_path_that_leads_out_is_refused(
    tmp_path: Path, name: str, write: Callable[..., Any], path: Path, refuses: Callable[..., Any]
) -> None:
    write(tmp_path / name, {**MEMBERS, path: b"x"})
    with refuses("file", tmp_path / name), open_archive(tmp_path / name):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_links_are_no_files(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("top/passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with open_archive(tmp_path / "a.tar") as archive, refuses("file", tmp_path / "a.tar"):
        archive.find("passwd")


@pytest.mark.parametrize(("name", "write"), KINDS)
@pytest.mark.parametrize("keep", [0, 40, 0.5])
def test_a_cut_off_archive_is_one_line(
    tmp_path: Path, name: str, write: Callable[..., Any], keep: int, refuses: Callable[..., Any]
) -> None:
    path = tmp_path / name
    write(path, MEMBERS)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if keep == 0.5 else keep])
    with (
        refuses("file", path, upto="cannot be read as an archive:"),
        open_archive(path) as archive,
    ):
        archive.read("top/b/two.txt")


def test_a_damaged_member_is_one_line(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    path = tmp_path / "a.zip"
    zipped(path, MEMBERS)
    path.write_bytes(path.read_bytes().replace(b"3" * 3000, b"4" * 3000))
    with open_archive(path) as archive, refuses("file", f"{path}:top/b/two.txt", upto="Bad CRC-32"):
        archive.read("top/b/two.txt")


def test_something_else_is_one_line(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    for name in ("a.zip", "a.tar", "a.tar.gz"):
        (tmp_path / name).write_bytes(gzip.compress(b"nothing of the kind" * 100))
        path = tmp_path / name
        with refuses("file", path, upto="cannot be read as an archive:"), open_archive(path):
            pass


def read_all(path: Path) -> dict[str, bytes]:
    with open_archive(path) as archive:
        return {name: archive.read(name) for name in ("a.bin", "b.bin")}


def test_any_flipped_byte_of_a_compressed_archive_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    gzipped(path, {"a.bin": bytes(range(256)) * 3, "b.bin": b"b" * 999})
    whole, right = path.read_bytes(), read_all(path)
    noticed = set()
    for place in [*range(10, len(whole), 5), *range(len(whole) - 8, len(whole))]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            assert read_all(path) == right, place  # a bit of the file's name, or after the last code
        except InputError:
            noticed.add(place)
    assert noticed >= set(range(len(whole) - 8, len(whole)))  # checksum and length
    assert len(noticed) > len(whole) // 5 - 5


@pytest.mark.parametrize("write", [tarred, gzipped])
def test_an_archive_that_is_cut_off_between_members_is_one_line(
    tmp_path: Path, write: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    tarred(tmp_path / "whole.tar", MEMBERS)
    first = (tmp_path / "whole.tar").read_bytes()[: 2 * 512]
    path = tmp_path / "a.tar"
    path.write_bytes(gzip.compress(first) if write is gzipped else first)
    with refuses("file", path, upto="it is cut off"), open_archive(path):
        pass
