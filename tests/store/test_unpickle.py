"""Pickles of arrays and containers are read; whatever else they ask for is refused, and never called."""

import collections
import gzip
import io
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from isthmus.errors import InputError
from isthmus.store.unpickle import unpickle

numbers = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
plain = st.recursive(
    numbers,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
arrays = hnp.arrays(
    st.sampled_from(["u1", "i4", "f4", "f8", "?"]),
    hnp.array_shapes(max_dims=3, max_side=4),
    elements={"allow_nan": False},
)


def read(data: bytes) -> Any:
    return unpickle(io.BytesIO(data), "a.pkl")


@given(content=plain, protocol=st.integers(0, 5))
def test_builtin_containers(content: Any, protocol: int) -> None:
    assert read(pickle.dumps(content, protocol)) == content


@given(array=arrays, protocol=st.integers(0, 5))
def test_arrays(array: np.ndarray, protocol: int) -> None:
    found = read(pickle.dumps({"a": [array, array.T], "b": array.flat[0]}, protocol))
    np.testing.assert_array_equal(found["a"][0], array)
    np.testing.assert_array_equal(found["a"][1], array.T)
    assert (found["a"][0].dtype, found["b"]) == (array.dtype, array.flat[0])


def test_arrays_of_objects() -> None:
    records = np.empty(2, dtype=object)
    records[:] = [np.arange(3), ["a", {"b"}]]
    found = read(pickle.dumps(records))
    assert found.shape == (2,)
    np.testing.assert_array_equal(found[0], np.arange(3))
    assert found[1] == ["a", {"b"}]


class Call:
    """Asks for a function to be called, as an attacker would."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.asked = (function, arguments)

    def __reduce__(self) -> Any:
        return self.asked


class Opener:
    pass


@pytest.mark.parametrize(
    "content",
    [
        Call(os.system, "touch pwned"),
        Call(subprocess.check_output, "ls"),
        Call(eval, "1"),
        Call(getattr, 1, "real"),
        Call(np.load, "x"),
        Call(np.fromfile, "x"),
        Opener(),
        collections.OrderedDict(a=1),
        np.random.default_rng(0),
    ],
    ids=lambda content: getattr(content, "asked", [type(content)])[0].__name__,
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_anything_else_is_refused(
    content: Any,
    protocol: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refuses: Callable[..., Any],
) -> None:
    monkeypatch.chdir(tmp_path)
    with refuses("file", "a.pkl"):
        read(pickle.dumps({"data": np.zeros(2), "more": [content]}, protocol))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ndarray.tofile", "core", "lib.format.read_array", "dtype.newbyteorder"])
def test_no_attribute_of_what_is_allowed(name: str, refuses: Callable[..., Any]) -> None:
    asks = b"\x80\x04\x8c\x05numpy\x8c" + bytes([len(name)]) + name.encode() + b"\x93."
    with refuses("file", "a.pkl"):
        read(asks)


def test_no_codec_but_that_of_bytes(refuses: Callable[..., Any]) -> None:
    assert read(pickle.dumps(b"\x00\xff", 2)) == b"\x00\xff"
    with refuses("file", "a.pkl"):
        read(b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x03\x00\x00\x00zipt\x52.")


@pytest.mark.parametrize("data", [b"", b"no pickle", pickle.dumps(list(range(100)))[:-30], b"\x80\x04K\x01"])
def test_damage_is_one_line(data: bytes, refuses: Callable[..., Any]) -> None:
    with refuses("file", "a.pkl", upto="cannot be read as a pickle:"):
        read(data)


@pytest.mark.parametrize("place", range(-8, 0))
def test_the_checksum_of_a_compressed_pickle_is_read(place: int, tmp_path: Path) -> None:
    content = bytearray(gzip.compress(pickle.dumps({"x": 1})))
    content[place] ^= 1
    (tmp_path / "a.gz").write_bytes(content)
    with gzip.open(tmp_path / "a.gz") as file, pytest.raises(InputError):
        unpickle(file, tmp_path / "a.gz")
