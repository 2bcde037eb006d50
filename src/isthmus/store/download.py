"""Published files from their origin: downloads resume, and a file has its name only when it is complete."""

import hashlib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.files import check_disk_space, check_path, make_folder, told_when_full, write_text
from isthmus.store.dataset import DataSet, File
from isthmus.store.lock import data_lock
from isthmus.store.paths import published
from isthmus.store.writer import ADVICE

RECORD = "downloads.json"
BLOCK = 2**20
TIMEOUT = 30.0
"""Seconds to wait for an answer."""

Progress = Callable[[str, int, int], None]
"""(file, bytes so far, bytes in total or 0 if the origin does not say) -> None."""


class Download(BaseModel):
    """What is recorded of a downloaded file."""

    model_config = ConfigDict(extra="allow")

    sha256: str


def download(
    name: str, data: DataSet, root: Path | str | None = None, progress: Progress | None = None
) -> list[Path]:
    """Download the published files that are missing, and resume one that was cut off.

    Args:
        name: Name of the data set.
        data: Data set.
        root: Folder of all data.
        progress: Function that is called with the file, its bytes so far and in total.

    Returns:
        Paths of the files.

    Raises:
        InputError: If an origin cannot be reached, cuts off or gives files on request only, if a file has
            another SHA-256 than its origin states, or if the disk is too full; the message says how to go on.
    """
    with data_lock(name, root):
        folder = make_folder(published(name, root))
        paths = []
        for file in data.files:
            path = folder / file.name
            if not path.exists() and file.needed:
                if file.asked_for:
                    raise InputError(
                        f"'{file.name}' is given on request: see {file.url} and put it at '{path}'",
                        kind="file",
                        key=path,
                    )
                _record(folder, file, _fetch(file, path, progress or (lambda *_: None)))
            paths.append(path)
    return paths


def recorded(folder: Path) -> dict[str, str]:
    """Return the hashes of the files that were downloaded to a folder, by file name."""
    return {name: entry["sha256"] for name, entry in _read_record(folder).items()}


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits; raise InputError for a pipe or a device."""
    check_path(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(file: File, path: Path, progress: Progress) -> dict[str, Any]:
    """Download a file and return what is recorded of it.

    Bytes go to `NAME.part`, which stays when the connection is cut off. A complete file with another hash
    than its origin states is removed.
    """
    part, version = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.part.version")
    validator = version.read_text(encoding="utf-8") if version.exists() else ""
    done = part.stat().st_size if part.exists() and validator else 0
    request = urllib.request.Request(file.url)
    if done:
        request.add_header("Range", f"bytes={done}-")
        request.add_header("If-Range", validator)  # the whole file comes if it has changed
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            done = done if response.status == 206 else 0
            total = done + int(response.headers.get("Content-Length") or 0)
            check_disk_space(path, total - done, ADVICE)
            write_text(version, _validator(response.headers))
            done = _append(response, part, done, lambda count: progress(file.name, count, total))
    except urllib.error.HTTPError as error:
        if error.code == 416:  # the part may be the complete file already; without a version it starts again
            version.unlink()
            return _fetch(file, path, progress)
        raise InputError(
            f"{file.url} answers {error.code} {error.reason}; {_by_hand(path)}", kind="file", key=file.url
        ) from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error) or type(error).__name__
        raise InputError(
            f"cannot get {file.url}: {reason}; {_by_hand(path)}", kind="file", key=file.url
        ) from None
    if total and done != total:
        raise InputError(
            f"{file.url} was cut off after {done} of {total} bytes; give the command again to go on",
            kind="file",
            key=file.url,
        )
    sha256 = hash_file(part)
    if file.sha256 and sha256 != file.sha256.lower():
        part.unlink()
        version.unlink()
        raise InputError(
            f"{file.url} gave a file of SHA-256 {sha256}, and {file.sha256} is published; "
            "give the command again, or get the file another way",
            kind="file",
            key=file.url,
        )
    part.rename(path)
    version.unlink()
    return {"url": file.url, "bytes": done, "sha256": sha256}


def _append(response: Any, part: Path, done: int, report: Callable[[int], None]) -> int:
    """Append the bytes of a response to those that were there, and return how many there are now."""
    with told_when_full(part, ADVICE), open(part, "r+b" if done else "wb") as out:
        out.seek(done)
        out.truncate()
        while block := response.read(BLOCK):
            out.write(block)
            done += len(block)
            report(done)
    return done


def _validator(headers: Any) -> str:
    """Return what tells this version of a file from another; empty if the origin does not say."""
    etag = headers.get("ETag") or ""
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified") or ""


def _by_hand(path: Path) -> str:
    """Return the advice for a file that cannot be downloaded."""
    return f"get it another way and put it at '{path}'"


def _record(folder: Path, file: File, entry: dict[str, Any]) -> None:
    """Add a downloaded file to the record in its folder."""
    write_text(folder / RECORD, json.dumps({**_read_record(folder), file.name: entry}, indent=2) + "\n")


def _read_record(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the record of downloaded files; it is empty if there is none."""
    path = folder / RECORD
    if not path.exists():
        return {}
    return {name: entry.model_dump() for name, entry in read_json(path, dict[str, Download]).items()}
