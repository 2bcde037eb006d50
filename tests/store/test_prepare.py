"""Arrays are written whole or not at all, with a card that says what they are."""

import hashlib
import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock, Timeout
from platformdirs import user_data_path

from isthmus.errors import InputError
from isthmus.store import Array, DataSet, Store, Writer, arrays
from isthmus.store import prepare as store_prepare
from isthmus.store import verify as store_verify
from isthmus.store.paths import data_root, lock_file, prepared
from isthmus.store.writer import atomic_folder
from isthmus.tasks import load_task, tasks

NAME = "tiny/stored"


def data() -> DataSet:
    """What is registered at the moment."""
    return tasks[NAME].require_data()


def prepare(**options: Any) -> Store:
    return store_prepare.prepare(NAME, data(), **options)


def mock(**options: Any) -> Store:
    return store_prepare.mock(NAME, data(), **options)


def verify() -> list[str]:
    return store_verify.verify(NAME, data())


def state(root: str | None = None) -> str:
    return store_verify.state(NAME, data(), root)


@pytest.fixture
def limit() -> Iterator[Callable[[int], None]]:
    """Lets no file grow beyond so many bytes: limit(bytes)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("together", [1, 6, 1000])
def test_published_files_become_arrays_and_a_card(
    tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(arrays, "CHUNK_VALUES", together)
    path, told = tiny(), []
    store = prepare(progress=lambda name, rows: told.append((name, rows)))
    x = np.arange(24, dtype=np.float32).reshape(6, 2, 2)
    np.testing.assert_array_equal(store["x"], x)
    assert isinstance(store["x"], np.memmap)
    assert (str(store["x"].dtype), str(store["y"].dtype)) == ("float32", "int8")
    assert store["y"].tolist() == [0, 1, 2] * 2
    card = json.loads((store.folder / "card.json").read_text())
    assert (card["name"], card["synthetic"]) == (NAME, False)
    assert card["files"]["tiny.npz"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert card["arrays"]["x"]["sha256"] == hashlib.sha256(x.tobytes()).hexdigest()
    assert (card["arrays"]["x"]["shape"], card["arrays"]["x"]["high"]) == ([6, 2, 2], 23)
    assert told[-1] == ("y", 6)
    assert verify() == []
    assert sorted(p.name for p in store.folder.parent.iterdir()) == ["prepared", "published"]


def test_the_task_reads_the_arrays_and_its_fingerprint_is_that_of_the_card(tiny: Callable[..., Any]) -> None:
    prepare()
    task = load_task(NAME)
    np.testing.assert_array_equal(task.train.x[np.array([4, 1])], [[[16, 17], [18, 19]], [[4, 5], [6, 7]]])
    same = task.fingerprint()
    prepare()
    assert load_task(NAME).fingerprint() == same
    tiny(y=[0, 1, 2, 2, 1, 0])
    prepare()
    assert load_task(NAME).fingerprint() != same


def test_where_data_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", "/somewhere")
    assert str(data_root()) == "/somewhere"
    assert data_root(tmp_path) == tmp_path
    monkeypatch.delenv("ISTHMUS_DATA")
    assert data_root() == user_data_path("isthmus", appauthor=False)


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms have other folders")
def test_where_data_lies_on_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home, mine = tmp_path / "home", tmp_path / "mine"
    monkeypatch.delenv("ISTHMUS_DATA")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(mine))
    assert data_root() == mine / "isthmus"
    monkeypatch.setenv("XDG_DATA_HOME", "")
    assert data_root() == home / ".local" / "share" / "isthmus"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_root() == home / ".local" / "share" / "isthmus"


def test_the_state_of_a_data_set(tiny: Callable[..., Any]) -> None:
    tiny().unlink()
    assert state() == "no"
    mock()
    assert state() == "synthetic"
    tiny()
    assert prepare().synthetic is False
    assert state() == "prepared"
    (prepared(NAME) / "card.json").write_text("{}")
    assert state() == "damaged"
    assert state("/nowhere") == "no"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"y": [0, 1, 2, 3, 1, 2]}, "tiny.npz:y"),
        ({"y": [0, 1, 2, -1, 1, 2]}, "tiny.npz:y"),
        ({"y": [0, 1, 1.5, 1, 1, 2]}, "tiny.npz:y"),
        ({"y": list("abcabc")}, "tiny.npz:y"),
        ({"x": np.full((6, 2, 2), np.nan)}, "tiny.npz:x"),
        ({"x": np.full((6, 2, 2), np.inf)}, "tiny.npz:x"),
        ({"x": np.zeros((6, 3, 2))}, "tiny.npz:x"),
        ({"x": np.zeros(6)}, "tiny.npz:x"),
        ({"x": np.zeros((0, 2, 2))}, "x"),
        ({"y": np.array([print] * 6)}, None),
    ],
)
def test_what_is_not_of_this_task_is_refused(
    tiny: Callable[..., Any], changes: dict[str, Any], key: str | None, refuses: Callable[..., Any]
) -> None:
    path = tiny(**changes)
    with refuses("file", key or f"{path}:y"):
        prepare()
    assert not prepared(NAME).exists()
    assert [path.name for path in prepared(NAME).parent.iterdir()] == ["published"]


def test_a_wrong_value_is_counted_from_the_first_row_of_all(
    tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    monkeypatch.setattr(arrays, "CHUNK_VALUES", 1)
    tiny(y=[0, 1, 2, 0, 7, 2])
    with refuses("file", "tiny.npz:y"):
        prepare()


def test_shapes_must_be_the_same_throughout(tiny: Callable[..., Any], refuses: Callable[..., Any]) -> None:
    def two_shapes(folder: Path, writer: Writer) -> None:
        writer.add("x", np.zeros((1, 2, 3)), "one")
        writer.add("x", np.zeros((1, 2, 4)), "two")

    tiny(prepare=two_shapes)
    with refuses("file", "two"):
        prepare()


def test_a_missing_file_is_named_with_its_origin(
    tiny: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    path = tiny()
    path.unlink()
    with refuses("file", path):
        prepare()


def test_an_interruption_leaves_what_was_there(tiny: Callable[..., Any]) -> None:
    def interrupted(folder: Path, writer: Writer) -> None:
        writer.add("x", np.zeros((1, 2, 3)))
        raise KeyboardInterrupt

    prepare()
    tiny(prepare=interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare()
    assert verify() == []
    assert sorted(p.name for p in prepared(NAME).parent.iterdir()) == ["prepared", "published"]


def test_what_a_killed_process_left_is_swept(tiny: Callable[..., Any]) -> None:
    for name in ("prepared.part", ".prepared.1234.0a1b2c3d.part"):  # of an earlier version, and of this one
        left = prepared(NAME).with_name(name)
        left.mkdir()
        (left / "x.npy").write_bytes(b"half")
    prepare()
    assert sorted(p.name for p in prepared(NAME).parent.iterdir()) == ["prepared", "published"]


def test_without_a_lock_nothing_is_swept(tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may be at work in it."""

    @contextmanager
    def no_lock(name: str, root: str | None) -> Iterator[bool]:
        yield False

    monkeypatch.setattr(store_prepare, "data_lock", no_lock)
    left = prepared(NAME).with_name(".prepared.1234.0a1b2c3d.part")
    left.mkdir()
    prepare()
    assert left.exists()


def test_two_at_once_never_write_to_one_folder(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "a") as one, atomic_folder(tmp_path / "a") as other:
        assert one != other
        (one / "x").write_text("one")
        (other / "x").write_text("other")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "x").read_text() == "one"  # it was the last to end


def test_the_data_set_is_locked_while_it_is_written(tiny: Callable[..., Any]) -> None:
    def held(*_: object) -> None:
        holder = FileLock(lock_file(NAME))
        with pytest.raises(Timeout):
            holder.acquire(timeout=0)
        raise KeyboardInterrupt

    tiny(prepare=held, mock=held)
    for write in (prepare, mock):
        with pytest.raises(KeyboardInterrupt):
            write()


def test_a_refusal_makes_no_folder(
    tiny: Callable[..., Any], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    with refuses("file", tmp_path / "nowhere" / "tiny" / "stored" / "published" / "tiny.npz"):
        prepare(root=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_full_disk_is_one_line(tiny: Callable[..., Any], limit: Callable[[int], None]) -> None:
    many = np.zeros((9000, 2, 2))
    tiny(x=many, y=np.zeros(9000, dtype=int))
    limit(100_000)
    with pytest.raises(
        InputError, match=r"cannot write '.*prepared.*part': File too large; .* left; give a place"
    ) as full:
        prepare()
    assert full.value.kind == "file"
    limit(10**9)
    assert not prepared(NAME).exists()


def test_a_stand_in_is_called_synthetic_everywhere(tiny: Callable[..., Any]) -> None:
    store = mock(samples=5, seed=1)
    task = load_task(NAME)
    assert store.synthetic
    assert task.name == f"{NAME}-synthetic"
    assert task.about == "a test (synthetic stand-in, not the published data)"
    assert len(task.train) == 5
    assert verify() == []
    again = mock(samples=5, seed=1)
    assert again.manifest == store.manifest
    assert mock(samples=5, seed=2).manifest != store.manifest


def test_a_stand_in_never_takes_the_place_of_data(
    tiny: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    prepare()
    with refuses("conflict", prepared(NAME)):
        mock()
    with refuses("value", "samples"):
        mock(samples=1)
    assert verify() == []


def test_verify_says_what_is_short(tiny: Callable[..., Any]) -> None:
    tiny(arrays={"x": Array((2, 2), "float32", -100, 100, 7), "y": Array((), "int8", 0, 2, 6)})
    prepare()
    assert verify() == ["x has 6 rows, and 7 are published"]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def other(path: Path) -> None:
    np.save(path, np.zeros((6, 2, 3), np.float32))


def pickled(path: Path) -> None:
    np.save(path, np.array([print]), allow_pickle=True)


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (flip, "x.npy"),
        (cut, "x.npy"),
        (other, "x.npy"),
        (pickled, "x.npy"),
        (lambda path: path.unlink(), "x.npy"),
        (lambda path: path.with_name("card.json").write_text("{}"), "card.json"),
        (
            lambda path: path.with_name("card.json").write_text(
                path.with_name("card.json").read_text().replace(NAME, "another/task")
            ),
            "",
        ),
    ],
    ids=["flip", "cut", "other", "pickled", "no array", "no card", "another card"],
)
def test_verify_sees_damage(
    tiny: Callable[..., Any], damage: Callable[..., Any], place: str, refuses: Callable[..., Any]
) -> None:
    folder = prepare().folder
    damage(folder / "x.npy")
    with refuses("file", folder / place):
        verify()


def test_a_file_with_another_hash_than_is_published_is_refused(
    tiny: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    path = tiny()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    tiny(files=(replace(data().files[0], sha256=sha256.upper()),))
    prepare()
    tiny(files=(replace(data().files[0], sha256="0" * 64),))
    with refuses("file", path):
        prepare()


def test_a_file_that_was_generated_is_not_the_published_one(
    tiny: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    path = tiny(files=(replace(data().files[0], sha256="0" * 64),))
    path.with_name(store_prepare.GENERATED_RECORD).write_text('{"tiny.npz": {}}')
    prepare()
    path.with_name(store_prepare.GENERATED_RECORD).write_text("[")
    record = path.with_name(store_prepare.GENERATED_RECORD)
    with refuses("file", record, upto="' is damaged:"):
        prepare()


def test_data_that_the_first_version_prepared_is_read(tiny: Callable[..., Any]) -> None:
    """Its card called the data set a task."""
    path = prepare().folder / "card.json"
    path.write_text(path.read_text().replace('"name":', '"task":'))
    assert verify() == []
    assert load_task(NAME).name == NAME


@pytest.mark.parametrize(
    "array",
    [
        Array((2, 2), "float32", 0, 10),
        Array((2, 2), "float64", 0, 100),
        Array((4,), "float32", 0, 100),
    ],
)
def test_verify_sees_what_the_task_does_not_take(
    tiny: Callable[..., Any], array: Array, refuses: Callable[..., Any]
) -> None:
    prepare()
    tiny(arrays={"x": array, "y": Array((), "int8", 0, 2)})
    with refuses("file", prepared(NAME) / "x.npy"):
        verify()
