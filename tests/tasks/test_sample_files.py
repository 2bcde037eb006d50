"""Bare samples from files."""

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.errors import InputError
from isthmus.tasks.sample_files import read_samples

X = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)


def saved(folder: Path, name: str, array: np.ndarray = X) -> Path:
    path = folder / name
    match path.suffix:
        case ".npy":
            np.save(path, array)
        case ".npz":
            np.savez_compressed(path, x=array, y=np.arange(4))
        case ".csv":
            np.savetxt(path, array.reshape(len(array), -1), delimiter=",", fmt="%.9g")
    return path


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.csv"])
def test_what_was_written_is_read(tmp_path: Path, name: str) -> None:
    read = read_samples(saved(tmp_path, name))
    expected = X.reshape(4, 15) if name.endswith("csv") else X
    np.testing.assert_array_equal(read.astype(np.float32), expected)


@pytest.mark.parametrize(
    "text", ["1,2,3\n4,5,6\n", "\ufeff1, 2, 3\r\n4, 5, 6", "# a, b, c\n1,2,3\n\n4,5,6\n"]
)
def test_csv_as_people_write_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text, encoding="utf-8", newline="")
    np.testing.assert_array_equal(read_samples(tmp_path / "x.csv"), [[1, 2, 3], [4, 5, 6]])


def test_one_row_is_one_sample(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2,3\n")
    assert read_samples(tmp_path / "x.csv").shape == (1, 3)


@pytest.mark.parametrize(
    ("text", "upto"),
    [
        ("", ""),
        (" \n\n", ""),
        ("a,b\n1,2\n", "could not convert string 'a'"),
        ("1,2\n3\n", "number of columns changed"),
        ("1,,2\n", "could not convert string ''"),
    ],
)
def test_wrong_csv(tmp_path: Path, text: str, upto: str, refuses: Callable[..., Any]) -> None:
    (tmp_path / "x.csv").write_text(text)
    with refuses("file", tmp_path / "x.csv", upto=upto):
        read_samples(tmp_path / "x.csv")


def test_wrong_files(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    with refuses("file", tmp_path / "x.npy"):
        read_samples(tmp_path / "x.npy")
    (tmp_path / "x.mat").write_text("")
    with refuses("value", tmp_path / "x.mat"):
        read_samples(tmp_path / "x.mat")
    (tmp_path / "f.npy").mkdir()
    with refuses("file", tmp_path / "f.npy"):
        read_samples(tmp_path / "f.npy")
    np.savez(tmp_path / "named.npz", samples=X, labels=X)
    with refuses("file", tmp_path / "named.npz"):
        read_samples(tmp_path / "named.npz")
    saved(tmp_path, "x.npz").rename(tmp_path / "zipped.npy")
    with refuses("file", tmp_path / "zipped.npy", upto="cannot be read as .npy:"):
        read_samples(tmp_path / "zipped.npy")
    saved(tmp_path, "y.npy").rename(tmp_path / "plain.npz")
    with refuses("file", tmp_path / "plain.npz", upto="cannot be read as .npz:"):
        read_samples(tmp_path / "plain.npz")


class Bomb:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was loaded",))


def test_no_pickle_is_loaded(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    np.save(tmp_path / "x.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    with refuses("file", tmp_path / "x.npy"):
        read_samples(tmp_path / "x.npy")
    np.savez(tmp_path / "x.npz", x=np.array([Bomb()], dtype=object), allow_pickle=True)
    with refuses("file", tmp_path / "x.npz", upto="Object arrays cannot be loaded"):
        read_samples(tmp_path / "x.npz")


WHOLE = {}
for _suffix in (".npy", ".npz"):
    _file = io.BytesIO()
    np.save(_file, X) if _suffix == ".npy" else np.savez_compressed(_file, x=X)
    WHOLE[_suffix] = _file.getvalue()


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_damage_is_said_or_harmless(tmp_path_factory: pytest.TempPathFactory, suffix: str, data: Any) -> None:
    """Cut off, or with some bytes changed: an array or an InputError, nothing else."""
    content = bytearray(WHOLE[suffix])
    content = content[: data.draw(st.integers(0, len(content)))]
    for place in data.draw(st.lists(st.integers(0, 150), max_size=3)):
        if place < len(content):
            content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / f"x{suffix}"
    path.write_bytes(bytes(content))
    with suppress(InputError):
        assert isinstance(read_samples(path), np.ndarray)


def test_a_bomb_of_a_zip_is_not_a_traceback(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
        header = (
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000,)}"
        )
        file.writestr("x.npy", header.ljust(127) + b"\n")
    with refuses("file", tmp_path / "x.npz", upto="cannot be read as .npz:"):
        read_samples(tmp_path / "x.npz")
