"""Published arrays, some rows at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.store import npy
from isthmus.store.npy import open_npy, open_npz

ARRAYS = [
    np.arange(60, dtype=np.int16).reshape(10, 3, 2),
    np.asfortranarray(np.arange(60.0).reshape(10, 6)),
    np.arange(7),
    np.zeros((4, 0)),
    np.array([[True], [False]]),
]


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("together", [1, 12, 1000])
def test_rows_come_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, array: np.ndarray, together: int
) -> None:
    monkeypatch.setattr(npy, "CHUNK_VALUES", together)
    np.save(tmp_path / "a.npy", array)
    np.savez_compressed(tmp_path / "a.npz", x=array, y=array)
    for file in (open_npy(tmp_path / "a.npy"), open_npz(tmp_path / "a.npz", "y")):
        with file as stream:
            assert (len(stream), stream.shape, stream.dtype) == (len(array), array.shape, array.dtype)
            chunks = list(stream.chunks())
    np.testing.assert_array_equal(np.concatenate(chunks), array)
    row = max(1, int(np.prod(array.shape[1:])))
    if array.flags.c_contiguous and array.size:
        assert max(map(len, chunks)) == min(len(array), max(1, together // row))
    with open_npy(tmp_path / "a.npy") as stream:
        np.testing.assert_array_equal(stream.read(), array)


def test_objects_are_unpickled_with_care(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    np.save(tmp_path / "a.npy", np.array({"data": np.arange(3)}))
    with open_npy(tmp_path / "a.npy") as stream:
        assert stream.read().item()["data"].tolist() == [0, 1, 2]
    np.save(tmp_path / "b.npy", np.array([print], dtype=object))
    with open_npy(tmp_path / "b.npy") as stream, refuses("file", tmp_path / "b.npy"):
        stream.read()
    with open_npy(tmp_path / "b.npy") as stream, refuses("file", tmp_path / "b.npy"):
        list(stream.chunks())


@pytest.mark.parametrize("keep", [0, 5, 100, -8])
def test_a_cut_off_file_is_one_line(tmp_path: Path, keep: int, refuses: Callable[..., Any]) -> None:
    np.save(tmp_path / "a.npy", np.arange(100.0))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data[:keep])
    with (
        refuses("file", tmp_path / "a.npy", upto="cannot be read as .npy:"),
        open_npy(tmp_path / "a.npy") as stream,
    ):
        stream.read()


def test_what_is_missing_is_said(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    np.savez(tmp_path / "a.npz", x=[1], z=[2])
    with refuses("file", tmp_path / "none.npy"), open_npy(tmp_path / "none.npy"):
        pass
    with refuses("file", tmp_path / "a.npz"), open_npz(tmp_path / "a.npz", "y"):
        pass
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:100])
    with (
        refuses("file", tmp_path / "b.npz", upto="cannot be read as .npz:"),
        open_npz(tmp_path / "b.npz", "x"),
    ):
        pass
    np.save(tmp_path / "one.npy", 3.0)
    with open_npy(tmp_path / "one.npy") as stream, refuses("file", tmp_path / "one.npy"):
        stream.read()
