"""Published archives, read member by member: nothing in them is ever written to a disk."""

import tarfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from isthmus.errors import InputError
from isthmus.store.reading import reading


class Archive(ABC):
    """Files in an archive, by their path inside it.

    Args:
        path: of the archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._by_name: dict[str, list[str]] = {}

    @abstractmethod
    def _members(self) -> list[str]:
        """The paths of all files in it."""

    @abstractmethod
    def _open(self, member: str) -> IO[bytes]:
        """A file in it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the archive."""

    def index(self) -> None:
        """Take note of what is in it.

        Raises:
            InputError: if a path leads out of the archive's folder.
        """
        for member in self._members():
            parts = PurePosixPath(member.replace("\\", "/"))
            if parts.is_absolute() or ".." in parts.parts or ":" in member:
                raise InputError(
                    f"'{self.path}' holds '{member}', which leads out of its folder; nothing was read"
                )
            self._by_name.setdefault(parts.name, []).append(member)

    def find(self, path: str) -> str:
        """The member that a path means, where the one may lie some folders deeper than the other.

        Raises:
            InputError: if there is none.
        """
        wanted = PurePosixPath(path)
        for member in self._by_name.get(wanted.name, []):
            if _ends_alike(PurePosixPath(member).parts, wanted.parts):
                return member
        raise InputError(f"'{self.path}' holds no '{path}'")

    def named(self, name: str) -> str:
        """The only member of that file name, in whatever folder.

        Raises:
            InputError: if there is none, or more than one.
        """
        found = self._by_name.get(name, [])
        if len(found) != 1:
            raise InputError(f"'{self.path}' holds {len(found) or 'no'} files '{name}'; one is right")
        return found[0]

    def __contains__(self, member: str) -> bool:
        """Is there a member of exactly that path?"""
        return member in self._by_name.get(PurePosixPath(member).name, [])

    def under(self, *parts: str) -> list[str]:
        """Members whose path holds those folders, one in the other, in order of their paths; all for none."""
        inside = "/".join(["", *parts, ""])
        return sorted(m for members in self._by_name.values() for m in members if inside in f"/{m}")

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """The file that a path means, as a stream.

        Raises:
            InputError: if there is none or it is damaged.
        """
        with reading(self.path, "an archive"):
            file = self._open(self.find(path))
        with file:
            yield file

    def read(self, path: str) -> bytes:
        """All bytes of a file that a path means."""
        with self.open(path) as file, reading(self.place(path), "part of an archive"):
            return file.read()

    def place(self, path: str) -> str:
        """Where a file is, for messages."""
        return f"{self.path}:{path}"


class _Zip(Archive):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._zip = zipfile.ZipFile(path)

    def _members(self) -> list[str]:
        return [info.filename for info in self._zip.infolist() if not info.is_dir()]

    def _open(self, member: str) -> IO[bytes]:
        return self._zip.open(member)

    def close(self) -> None:
        self._zip.close()


class _Tar(Archive):
    """Links and devices are no files, and left out."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._tar = tarfile.open(path)  # noqa: SIM115

    def _members(self) -> list[str]:
        self._infos = {info.name: info for info in self._tar.getmembers() if info.isfile()}
        return list(self._infos)

    def _open(self, member: str) -> IO[bytes]:
        file = self._tar.extractfile(self._infos[member])
        assert file is not None
        return file

    def close(self) -> None:
        self._tar.close()


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """A zip file, or a tar file, compressed or not.

    Raises:
        InputError: if it is none, is cut off, or holds a path that leads out of its folder.
    """
    with reading(path, "an archive"):
        archive: Archive = _Zip(path) if path.suffix == ".zip" else _Tar(path)
    try:
        with reading(path, "an archive"):
            archive.index()
        yield archive
    finally:
        archive.close()


def _ends_alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Is one path the end of the other?"""
    return all(a == b for a, b in zip(reversed(one), reversed(other), strict=False))
