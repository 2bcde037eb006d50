"""Published files from their origin: resumable, and a file has its name only when it is whole."""

import hashlib
import http.client
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.files import make_folder, write_text
from isthmus.store.dataset import DataSet, File
from isthmus.store.paths import published

RECORD = "downloads.json"
BLOCK = 2**20
PATIENCE = 30.0
"""seconds without an answer"""

Progress = Callable[[str, int, int], None]
"""(file, bytes so far, bytes in all or 0 if the origin does not say)"""


def download(
    name: str, data: DataSet, root: Path | str | None = None, progress: Progress | None = None
) -> list[Path]:
    """Get the published files that are not here yet; go on with one that was cut off.

    Args:
        name, data: of the data set.
        root: folder of all data.
        progress: is told the file, its bytes so far and in all.

    Returns:
        where the files are.

    Raises:
        InputError: if an origin cannot be reached or cuts off or wants to be asked, or the disk is too full;
            says how to go on.
    """
    folder = make_folder(published(name, root))
    paths = []
    for file in data.files:
        path = folder / file.name
        if not path.exists() and file.needed:
            if file.asked_for:
                raise InputError(f"'{file.name}' is given on request: see {file.url} and put it at '{path}'")
            _fetch(file, path, progress or (lambda *_: None))
            _record(folder, file, path)
        paths.append(path)
    return paths


def recorded(folder: Path) -> dict[str, str]:
    """The hashes of files that were downloaded to a folder, by their names."""
    return {name: entry["sha256"] for name, entry in _read_record(folder).items()}


def hash_file(path: Path) -> str:
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(file: File, path: Path, progress: Progress) -> None:
    """Bytes go to `NAME.part`, which keeps what there is when they stop coming."""
    part, mark = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.part.version")
    validator = mark.read_text(encoding="utf-8") if mark.exists() else ""
    have = part.stat().st_size if part.exists() and validator else 0
    request = urllib.request.Request(file.url)
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", validator)  # the whole file comes if it is no longer the same
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            have = have if answer.status == 206 else 0
            total = have + int(answer.headers.get("Content-Length") or 0)
            _check_space(path, total - have)
            write_text(mark, _validator(answer.headers))
            have = _pour(answer, part, have, lambda done: progress(file.name, done, total))
    except urllib.error.HTTPError as error:
        if error.code == 416:  # there is nothing behind what is here, which was perhaps whole
            mark.unlink()
            return _fetch(file, path, progress)
        raise InputError(f"{file.url} answers {error.code} {error.reason}; {_by_hand(path)}") from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error) or type(error).__name__
        raise InputError(f"cannot get {file.url}: {reason}; {_by_hand(path)}") from None
    if total and have != total:
        raise InputError(
            f"{file.url} was cut off after {have} of {total} bytes; give the command again to go on"
        )
    part.rename(path)
    mark.unlink()


def _pour(answer: Any, part: Path, have: int, report: Callable[[int], None]) -> int:
    """The bytes of an answer, behind those that are there: how many there are in the end."""
    try:
        with open(part, "r+b" if have else "wb") as out:
            out.seek(have)
            out.truncate()
            while block := answer.read(BLOCK):
                out.write(block)
                have += len(block)
                report(have)
    except OSError as error:
        if isinstance(error, TimeoutError | ConnectionError):
            raise
        raise InputError(
            f"cannot write '{part}': {error.strerror}; give a place with room as --root"
        ) from None
    return have


def _validator(headers: Any) -> str:
    """What tells this version of a file from another; empty if the origin does not say."""
    etag = headers.get("ETag") or ""
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified") or ""


def _check_space(path: Path, needed: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise InputError(
            f"'{path}' needs {needed / 1e9:.1f} GB more and its disk has {free / 1e9:.1f} GB left; "
            "give a place with room as --root"
        )


def _by_hand(path: Path) -> str:
    return f"get it another way and put it at '{path}'"


def _record(folder: Path, file: File, path: Path) -> None:
    record = {"url": file.url, "bytes": path.stat().st_size, "sha256": hash_file(path)}
    write_text(folder / RECORD, json.dumps({**_read_record(folder), file.name: record}, indent=2) + "\n")


def _read_record(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / RECORD
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {name: {**entry, "sha256": entry["sha256"]} for name, entry in record.items()}
    except (ValueError, AttributeError, TypeError, KeyError):
        raise InputError(f"'{path}' is damaged; remove it") from None
