"""Large arrays stay in their files: what is read of them is what would have been loaded."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from isthmus.store.lazy_array import LazyArray
from isthmus.tasks import Task
from isthmus.tasks.custom import custom_task, lazy
from isthmus.tasks.custom.contents import open_contents
from isthmus.tasks.custom.readers import pictures

N = 20
X = np.random.default_rng(0).normal(size=(N, 3, 7))
Y = np.arange(N) % 2


def h5(path: Path, x: Any = X) -> str:
    with h5py.File(path / "a.h5", "w") as file:
        file.create_dataset("x", data=x, chunks=(4, *x.shape[1:]), compression="gzip")
        file["y"] = Y
    return "a.h5"


def two_datasets(path: Path, x: Any = X) -> str:
    with h5py.File(path / "a.h5", "w") as file:
        file["a"], file["b"], file["y"] = x[:, 0], x[:, 1], Y
    (path / "a.yaml").write_text("data: a.h5\nx: [a, b]\ny: y\n")
    return "a.yaml"


def mat(path: Path, x: Any = X) -> str:
    with h5py.File(path / "a.mat", "w") as file:
        file["x"], file["y"] = x.T, Y[None]
    return "a.mat"


def npy(path: Path, x: Any = X) -> str:
    np.save(path / "x.npy", x)
    np.save(path / "y.npy", Y)
    return "x.npy"


def zarr(path: Path, x: Any = X) -> str:
    group = pytest.importorskip("zarr").open_group(path / "a.zarr", mode="w")
    group.create_array("x", data=x, chunks=(4, *x.shape[1:]))
    group.create_array("y", data=Y)
    return "a.zarr"


def netcdf(path: Path, x: Any = X) -> str:
    xarray = pytest.importorskip("xarray")
    xarray.Dataset({"x": (("n", "c", "t"), x), "y": ("n", Y)}).to_netcdf(path / "a.nc", engine="h5netcdf")
    return "a.nc"


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[bool], None]:
    """Tells whether what the tests write counts as large."""
    monkeypatch.chdir(tmp_path)

    def tell(is_large: bool) -> None:
        for module in (lazy, pictures):
            monkeypatch.setattr(module, "LAZY_VALUES", 10 if is_large else 10**9)

    return tell


@pytest.mark.parametrize(
    "write", [h5, two_datasets, mat, npy, zarr, netcdf], ids=lambda write: write.__name__
)
def test_a_lazy_task_is_the_task(
    write: Callable[..., str], large: Callable[[bool], None], tmp_path: Path
) -> None:
    name = write(tmp_path)
    large(False)
    whole = custom_task(name)
    large(True)
    task = custom_task(name)
    assert isinstance(whole.train.x, np.ndarray)
    assert isinstance(task.train.x, LazyArray)
    chosen = np.array([3, 0, 19, 3, 4, 5])
    for index in (np.arange(N), chosen, np.array([], int)):
        np.testing.assert_array_equal(task.train.x[index], whole.train.x[index])
    np.testing.assert_array_equal(task.train.y, whole.train.y)
    np.testing.assert_array_equal(task.train.part(chosen).x[np.array([2, 1])], whole.train.x[[19, 0]])
    assert task.fingerprint() == custom_task(name).fingerprint()
    write(tmp_path, -X)
    assert custom_task(name).fingerprint() != task.fingerprint()


def test_what_is_held_out_of_a_lazy_array(large: Callable[[bool], None], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"data: {npy(tmp_path)}\nhold_out: 0.5\nname: mine\n")
    large(True)
    task = custom_task("a.yaml")
    assert isinstance(task.train.x, LazyArray)
    both = np.concatenate([np.asarray(task.train.x), np.asarray(task.test.x)])
    np.testing.assert_array_equal(np.sort(both, axis=0), np.sort(np.float32(X), axis=0))


@pytest.mark.parametrize("hold_out", ["", "hold_out: 0.5\n"])
def test_a_value_that_is_missing_is_told_by_its_place_in_the_file(
    hold_out: str, large: Callable[[bool], None], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    x = X.copy()
    x[13, 2, 5] = np.nan
    (tmp_path / "a.yaml").write_text(f"data: {npy(tmp_path, x)}\n{hold_out}name: mine\n")
    large(True)
    with refuses("value", "x_train"):
        custom_task("a.yaml")


@pytest.mark.parametrize(
    ("x", "kind", "key"),
    [(X[:, None, None], "value", "x_train"), (X.astype(complex), "file", "x.npy")],
)
def test_wrong_lazy_arrays(
    x: Any, kind: Any, key: str, large: Callable[[bool], None], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    npy(tmp_path, x)
    large(True)
    with refuses(kind, key):
        custom_task("x.npy")


def test_lazy_test_samples_have_the_shape_of_the_training_samples(
    large: Callable[[bool], None], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    large(True)
    npy(tmp_path)
    x = open_contents(Path("x.npy")).take("x")
    assert isinstance(Task.from_arrays(x, Y, x, Y).test.x, LazyArray)
    with refuses("value", "x_test"):
        Task.from_arrays(X[:, :2], Y, x, Y)


def test_a_file_that_vanishes_is_told(
    large: Callable[[bool], None], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    large(True)
    task = custom_task(h5(tmp_path))
    (tmp_path / "a.h5").unlink()
    with refuses("file", "a.h5"):
        task.train.x[np.arange(3)]


def test_many_pictures_stay_in_their_files(large: Callable[[bool], None], tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 5)).astype(np.uint8)
    for i, picture in enumerate(pixels):
        (tmp_path / "p" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "p" / "ab"[i % 2] / f"{i}.png")
    large(True)
    task = custom_task("p")
    assert isinstance(task.train.x, LazyArray)
    np.testing.assert_array_equal(np.asarray(task.train.x)[:, 0], pixels[[0, 2, 1, 3]])


@given(st.lists(st.integers(0, 30), max_size=20))
def test_gathered_rows_are_those_asked_for(indices: list[int]) -> None:
    rows = np.arange(62).reshape(31, 2)
    asked: list[tuple[int, int]] = []

    def read(start: int, stop: int) -> np.ndarray:
        asked.append((start, stop))
        return rows[start:stop]

    with nullcontext(read) as opened:
        found = lazy.gather(opened, np.array(indices, dtype=int), (2,), rows.dtype)
    np.testing.assert_array_equal(found, rows[np.array(indices, dtype=int)])
    assert sum(stop - start for start, stop in asked) == len(set(indices))  # nothing is read in vain
