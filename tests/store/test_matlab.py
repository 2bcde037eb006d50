"""`.mat` files of every version, and HDF5 of others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from isthmus.store import matlab
from isthmus.store.matlab import mat_rows

A = np.arange(5 * 4 * 3.0).reshape(5, 4, 3)


def version_73(path: Path) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("a", data=A.transpose())
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=A)


def version_5(path: Path) -> None:
    savemat(path, {"a": A})


def compressed(path: Path) -> None:
    savemat(path, {"a": A, "b": [1]}, do_compression=True)


WRITERS = [version_73, hdf5, version_5, compressed]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("stop", [2, 5, 9])
@pytest.mark.parametrize("together", [1, 24, 10**6])
def test_the_first_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[..., Any], stop: int, together: int
) -> None:
    monkeypatch.setattr(matlab, "CHUNK_VALUES", together)
    write(tmp_path / "a.mat")
    np.testing.assert_array_equal(np.concatenate(list(mat_rows(tmp_path / "a.mat", "a", stop))), A[:stop])


@pytest.mark.parametrize("write", WRITERS)
def test_a_missing_variable_is_said(
    tmp_path: Path, write: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    write(tmp_path / "a.mat")
    with refuses("file", tmp_path / "a.mat"):
        list(mat_rows(tmp_path / "a.mat", "coeff", 5))


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("missing", [30, 200])
def test_a_cut_off_file_is_one_line(
    tmp_path: Path, write: Callable[..., Any], missing: int, refuses: Callable[..., Any]
) -> None:
    path = tmp_path / "a.mat"
    write(path)
    path.write_bytes(path.read_bytes()[:-missing])
    with refuses("file", tmp_path / "a.mat", upto="cannot be read as a .mat file:"):
        list(mat_rows(path, "a", 5))


def test_another_format_is_said(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"a": A[0]}, format="4")
    with refuses("file", tmp_path / "a.mat"):
        list(mat_rows(path, "a", 5))
    path.write_bytes(b"")
    with refuses("file", tmp_path / "a.mat"):
        list(mat_rows(path, "a", 5))
    with refuses("file", tmp_path / "none.mat"):
        list(mat_rows(tmp_path / "none.mat", "a", 5))
