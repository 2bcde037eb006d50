"""Downloads go on where they were cut off, and a file has its name only when it is whole."""

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout

from isthmus.store import File, Store
from isthmus.store import download as store_download
from isthmus.store import prepare as store_prepare
from isthmus.store.paths import lock_file, published
from isthmus.tasks import tasks

NAME = "tiny/stored"


def download(**options: Any) -> list[Path]:
    return store_download.download(NAME, tasks[NAME].require_data(), **options)


def prepare() -> Store:
    return store_prepare.prepare(NAME, tasks[NAME].require_data())


class Origin:
    """A server on this machine, and what it is to do."""

    def __init__(self) -> None:
        self.content, self.version = b"", "one"
        self.cut_after: int | None = None
        self.ranges, self.length, self.status = True, True, 200
        self.asked: list[str | None] = []
        origin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                origin.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tiny.npz"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request: Any) -> None:
        asked = request.headers.get("Range")
        self.asked.append(asked)
        if self.status != 200:
            request.send_error(self.status)
            return
        same = request.headers.get("If-Range") == f'"{self.version}"'
        start = int(asked[6:-1]) if asked and self.ranges and same else 0
        if start >= len(self.content):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        request.send_header("ETag", f'"{self.version}"')
        if self.length:
            request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        stop = len(self.content) if self.cut_after is None else start + self.cut_after
        request.wfile.write(self.content[start:stop])


@pytest.fixture
def origin() -> Iterator[Origin]:
    server = Origin()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def path(tiny: Callable[..., Any], origin: Origin) -> Path:
    """Where the file belongs, which is not there but at the origin."""
    file: Path = tiny(files=(File("tiny.npz", origin.url, 1),))
    origin.content = file.read_bytes()
    file.unlink()
    return file


def names() -> list[str]:
    return sorted(file.name for file in published(NAME).iterdir())


def test_a_file_with_its_hash(path: Path, origin: Origin) -> None:
    told = []
    assert download(progress=lambda *figures: told.append(figures)) == [path]
    size = len(origin.content)
    assert path.read_bytes() == origin.content
    assert told[-1] == ("tiny.npz", size, size)
    record = json.loads((path.parent / "downloads.json").read_text())
    assert record == {
        "tiny.npz": {"url": origin.url, "bytes": size, "sha256": hashlib.sha256(origin.content).hexdigest()}
    }
    assert names() == ["downloads.json", "tiny.npz"]
    prepare()
    download()
    assert origin.asked == [None]


def test_the_hash_that_the_origin_states_is_checked(
    tiny: Callable[..., Any], path: Path, origin: Origin, refuses: Callable[..., Any]
) -> None:
    """A file of another hash is not kept, so that the next attempt begins anew."""
    sha256 = hashlib.sha256(origin.content).hexdigest()
    tiny(files=(File("tiny.npz", origin.url, 1, sha256=sha256),))
    path.unlink()
    good, origin.content = origin.content, origin.content[::-1]
    with refuses("file", origin.url):
        download()
    assert names() == []
    origin.content = good
    download()
    assert path.read_bytes() == good
    prepare()


def test_the_data_set_is_locked_meanwhile(path: Path, origin: Origin) -> None:
    def held(*_: object) -> None:
        with pytest.raises(Timeout):
            FileLock(lock_file(NAME)).acquire(timeout=0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(progress=held)


def test_a_cut_off_download_goes_on(path: Path, origin: Origin, refuses: Callable[..., Any]) -> None:
    origin.cut_after = 100
    for _ in range(2):
        with refuses("file", origin.url):
            download()
        assert names() == ["tiny.npz.part", "tiny.npz.part.version"]
        with refuses("file", path):
            prepare()
    origin.cut_after = None
    download()
    assert origin.asked == [None, "bytes=100-", "bytes=200-"]
    assert path.read_bytes() == origin.content
    assert names() == ["downloads.json", "tiny.npz"]


def test_an_interrupted_download_goes_on(path: Path, origin: Origin) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(progress=interrupt)
    assert not path.exists()
    download()
    assert path.read_bytes() == origin.content


def test_a_file_that_has_changed_meanwhile_begins_anew(
    path: Path, origin: Origin, refuses: Callable[..., Any]
) -> None:
    origin.cut_after = 100
    with refuses("file", origin.url):
        download()
    origin.content, origin.version, origin.cut_after = origin.content[::-1], "two", None
    download()
    assert path.read_bytes() == origin.content


def test_an_origin_that_cannot_go_on_begins_anew(
    path: Path, origin: Origin, refuses: Callable[..., Any]
) -> None:
    origin.cut_after, origin.ranges = 100, False
    with refuses("file", origin.url):
        download()
    origin.cut_after = None
    download()
    assert path.read_bytes() == origin.content


def test_a_file_that_lacked_its_name_only(path: Path, origin: Origin) -> None:
    """Killed after the last byte and before the renaming: the origin has nothing more to give."""
    path.with_name("tiny.npz.part").write_bytes(origin.content)
    path.with_name("tiny.npz.part.version").write_text('"one"')
    download()
    assert path.read_bytes() == origin.content


def test_an_origin_that_does_not_say_how_long(path: Path, origin: Origin) -> None:
    origin.length = False
    download()
    assert path.read_bytes() == origin.content


def test_without_the_network_one_line_says_where_to_get_it_and_where_to_put_it(
    tiny: Callable[..., Any],
    refuses: Callable[..., Any],
) -> None:
    path, nowhere = tiny(), "http://127.0.0.1:9/tiny.npz"
    path.unlink()
    with refuses("file", nowhere, upto=f"cannot get {nowhere}:") as error:
        download()
    assert str(error.value).endswith(f"get it another way and put it at '{path}'")


def test_what_the_origin_refuses(path: Path, origin: Origin, refuses: Callable[..., Any]) -> None:
    origin.status = 404
    with refuses("file", origin.url):
        download()
    assert names() == []


def test_too_little_room_is_said_before_anything_comes(
    path: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    usage = shutil.disk_usage(path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with refuses("file", path):
        download()
    assert names() == []


def test_a_file_that_changed_after_its_download_is_not_read(
    path: Path, origin: Origin, refuses: Callable[..., Any]
) -> None:
    download()
    path.write_bytes(origin.content + b"more")
    with refuses("file", path):
        prepare()
    path.with_name("downloads.json").write_text("[]")
    with refuses("file", path.with_name("downloads.json")):
        prepare()
