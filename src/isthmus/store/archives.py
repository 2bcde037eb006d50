"""Published archives, read member by member: nothing in them is ever unpacked to a disk."""

import tarfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from isthmus.errors import InputError
from isthmus.store.reading import drain, reading


class Archive(ABC):
    """Files in an archive, by their path inside it.

    Args:
        path: File of the archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._by_name: dict[str, list[str]] = {}

    @abstractmethod
    def _members(self) -> list[str]:
        """Return the paths of all files in the archive."""

    @abstractmethod
    def _open(self, member: str) -> IO[bytes]:
        """Open a file in the archive."""

    @abstractmethod
    def close(self) -> None:
        """Close the archive."""

    def index(self) -> None:
        """Index the members by their file names.

        Raises:
            InputError: If a path leads out of the archive's folder.
        """
        for member in self._members():
            parts = PurePosixPath(member.replace("\\", "/"))
            if parts.is_absolute() or ".." in parts.parts or ":" in member:
                raise InputError(
                    f"'{self.path}' holds '{member}', which leads out of its folder; nothing was read",
                    kind="file",
                    key=self.path,
                )
            self._by_name.setdefault(parts.name, []).append(member)

    def find(self, path: str) -> str:
        """Return the member that a path means: either of the two may start some folders deeper.

        Raises:
            InputError: If there is no such member.
        """
        wanted = PurePosixPath(path)
        for member in self._by_name.get(wanted.name, []):
            if _is_suffix(PurePosixPath(member).parts, wanted.parts):
                return member
        raise InputError(f"'{self.path}' holds no '{path}'", kind="file", key=self.path)

    def named(self, name: str) -> str:
        """Return the only member of that file name, in whatever folder.

        Raises:
            InputError: If there is none, or more than one.
        """
        found = self._by_name.get(name, [])
        if len(found) != 1:
            raise InputError(
                f"'{self.path}' holds {len(found) or 'no'} files '{name}'; one is right",
                kind="file",
                key=self.path,
            )
        return found[0]

    def __contains__(self, member: str) -> bool:
        """Return whether there is a member of exactly that path."""
        return member in self._by_name.get(PurePosixPath(member).name, [])

    def under(self, *parts: str) -> list[str]:
        """Return the members whose path contains those nested folders, sorted; all members for none."""
        inside = "/".join(["", *parts, ""])
        return sorted(m for members in self._by_name.values() for m in members if inside in f"/{m}")

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """Open the file that a path means, as a stream.

        Raises:
            InputError: If there is no such file or it is damaged.
        """
        with reading(self.path, "an archive"):
            file = self._open(self.find(path))
        with file:
            yield file

    def read(self, path: str) -> bytes:
        """Return all bytes of the file that a path means."""
        with self.open(path) as file, reading(self.place(path), "part of an archive"):
            return file.read()

    def place(self, path: str) -> str:
        """Return the location of a file, for messages."""
        return f"{self.path}:{path}"


class _Zip(Archive):
    """A zip file."""

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
    """A tar file, compressed or not; links and devices in it are left out."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._tar = tarfile.open(path)  # noqa: SIM115

    def _members(self) -> list[str]:
        self._infos = {info.name: info for info in members_to_the_end(self._tar)}
        return list(self._infos)

    def _open(self, member: str) -> IO[bytes]:
        file = self._tar.extractfile(self._infos[member])
        assert file is not None
        return file

    def close(self) -> None:
        self._tar.close()


def members_to_the_end(archive: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """Return the files in a tar file, which is read to its end and with it the checksum of a compressed one.

    Raises:
        ValueError: If the end is missing.
    """
    members = archive.getmembers()
    file: Any = archive.fileobj
    if file.tell() < archive.offset + tarfile.BLOCKSIZE:  # a block of zeros comes after the last member
        raise ValueError("it is cut off: the end of the archive is missing")
    drain(file)
    return [member for member in members if member.isfile()]


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip file, or a tar file, compressed or not.

    Raises:
        InputError: If it is no archive, is cut off, or holds a path that leads out of its folder.
    """
    with reading(path, "an archive"):
        archive: Archive = _Zip(path) if path.suffix == ".zip" else _Tar(path)
    try:
        with reading(path, "an archive"):
            archive.index()
        yield archive
    finally:
        archive.close()


def _is_suffix(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether one of two paths is the end of the other."""
    return all(a == b for a, b in zip(reversed(one), reversed(other), strict=False))
