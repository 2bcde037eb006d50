"""Folders and files as public archives have them: read, asked about, or told of."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from isthmus.tasks import Task
from isthmus.tasks.custom import custom_task

N = 12
rng = np.random.default_rng(0)
K = np.arange(N) % 2
X = rng.normal(size=(N, 30)).round(3)
PIXELS = rng.integers(0, 256, (N, 8, 6)).astype(np.uint8)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def pictures(*names: str) -> None:
    """Write a picture under each name."""
    for name, pixels in zip(names, PIXELS, strict=False):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(name)


def told(task: Task) -> str:
    return " | ".join((*task.origin.understood.guesses, *task.origin.understood.notes))


def test_a_table_in_a_subfolder_names_the_files() -> None:
    """Sounds of surroundings: `meta/esc50.csv` beside `audio`."""
    names = [f"{i % 3 + 1}-{i}.png" for i in range(N)]
    pictures(*(f"all/audio/{name}" for name in names))
    Path("all/meta").mkdir()
    table = pd.DataFrame({"filename": names, "fold": 1, "target": K, "category": "x", "take": "A"})
    table.to_csv("all/meta/esc50.csv", index=False)
    task = custom_task("all")
    np.testing.assert_array_equal(task.train.x[:, 0], PIXELS)
    assert (task.classes, task.origin.description.y) == ((0, 1), "target")
    assert "'target'" not in task.origin.understood.left_out


def test_a_table_among_the_samples_of_a_class_names_none() -> None:
    pictures(*(f"all/{'ab'[i % 2]}/{i}.png" for i in range(N)))
    pd.DataFrame({"about": ["0", "2"], "x": [1, 2]}).to_csv("all/a/notes.csv", index=False)
    assert custom_task("all").classes == ("a", "b")


def test_names_without_suffixes_in_folders() -> None:
    """Electrocardiograms: `records100/00000/00001_lr`."""
    pictures(*(f"all/records/{i % 2}/{i}_lr.png" for i in range(N)))
    pd.DataFrame({"file": [f"records/{i % 2}/{i}_lr" for i in range(N)], "label": K}).to_csv("all/a.csv")
    np.testing.assert_array_equal(custom_task("all").train.x[:, 0], PIXELS)


def test_a_name_of_several_files_is_asked_about(refuses: Callable[..., Any]) -> None:
    pictures(*(f"all/{part}/{i}.png" for part in ("train", "test") for i in range(6)))
    pd.DataFrame({"file": [f"{i}.png" for i in range(6)], "label": K[:6]}).to_csv("all/a.csv", index=False)
    with refuses("file", "all/a.csv"):
        custom_task("all")
    pd.DataFrame({"file": [f"train/{i}.png" for i in range(6)], "label": K[:6]}).to_csv("all/a.csv")
    np.testing.assert_array_equal(custom_task("all").train.x[:, 0], PIXELS[:6])


@pytest.mark.parametrize(
    "names", [("fold1", "fold10"), ("images", "masks"), ("train", "test"), ("part_1", "part_2")]
)
def test_folders_that_are_no_classes(names: tuple[str, ...], refuses: Callable[..., Any]) -> None:
    pictures(*(f"all/{name}/{i}.png" for name in names for i in range(3)))
    with refuses("file", "all"):
        custom_task("all")


def test_a_folder_around_those_of_the_classes(refuses: Callable[..., Any]) -> None:
    pictures(*(f"all/2750/{'ab'[i % 2]}/{i}.png" for i in range(6)))
    with refuses("file", "all/2750"):
        custom_task("all")
    assert custom_task("all/2750").n_classes == 2


def test_files_of_many_samples_in_folders_of_classes(refuses: Callable[..., Any]) -> None:
    for name in "ab":
        Path("all", name).mkdir(parents=True)
        Path("all", name, "1.fasta").write_text(">s\nACGT\n")
    with refuses("value", "all/a/1.fasta"):
        custom_task("all")


def test_pages_of_a_picture_are_told_of() -> None:
    for i in range(4):
        Path("all", "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        pages = [Image.fromarray(pixels) for pixels in PIXELS[i : i + 2]]
        pages[0].save(f"all/{'ab'[i % 2]}/{i}.tif", save_all=True, append_images=pages[1:])
    assert "of files with several pages the first is read" in told(custom_task("all"))


def test_coordinates_are_no_samples(refuses: Callable[..., Any]) -> None:
    """Fields of PDEs: `nu`, `tensor`, `x-coordinate`, `y-coordinate`."""
    with h5py.File("a.h5", "w") as file:
        file["nu"], file["tensor"] = PIXELS.astype(float), PIXELS.astype(float)
        file["x-coordinate"] = file["y-coordinate"] = np.arange(8.0)
    with refuses("missing", "y"):
        custom_task("a.h5")
    assert custom_task("a.h5", x="nu", y="tensor").input_shape == (8, 6)


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ""])
def test_dimensions_called_x_and_y(suffix: str) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip(suffix.replace(".nc", "h5netcdf").removeprefix(".") or "xarray")
    values = {"data": (("n", "y", "x"), PIXELS.astype(float)), "label": ("n", K)}
    data: Any = xarray.Dataset(values, {"x": np.arange(6.0), "y": np.arange(8.0)})
    if suffix == ".nc":
        data.to_netcdf("a.nc", engine="h5netcdf")
    elif suffix == ".zarr":
        data.to_zarr("a.zarr", zarr_format=2)
    task = custom_task(f"a{suffix}" if suffix else data)
    np.testing.assert_array_equal(task.train.y, K)
    assert task.train.x.size == PIXELS.size


def test_labels_with_further_axes() -> None:
    np.savez("a.npz", x=X, y=K.reshape(N, 1, 1, 1))
    np.testing.assert_array_equal(custom_task("a.npz").train.y, K)


def test_records_are_told_apart_from_samples(refuses: Callable[..., Any]) -> None:
    np.save("a.npy", np.zeros(N, dtype=[("a", "f4"), ("label", "i4")]))
    with refuses("file", "a.npy"):
        custom_task("a.npy")


def test_dates_and_decimals_in_parquet() -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"when": pd.date_range("2024-05-01", periods=N), "a": X[:, 0]})
    frame["day"] = [date(2024, 5, 1 + i) for i in range(N)]
    frame.assign(b=[Decimal(f"{i}.50") for i in range(N)], kind=K).to_parquet("a.parquet")
    task = custom_task("a.parquet")
    assert (task.input_shape, task.origin.description.time) == ((1, 2), "when")
    np.testing.assert_array_equal(task.train.x[:, 0, 1], np.arange(N) + 0.5)


def test_lists_of_different_lengths_in_parquet(refuses: Callable[..., Any]) -> None:
    pytest.importorskip("pyarrow")
    pd.DataFrame({"signal": [list(row[: 9 + i % 3]) for i, row in enumerate(X)], "y": K}).to_parquet("a.pq")
    with refuses("file", "a.pq:signal"):
        custom_task("a.pq")


def test_keys_in_headers_of_fasta(refuses: Callable[..., Any]) -> None:
    for form in ("sp|P{0}|P{0}_MAN Protein OX=9606 SV={1}", "s{0} label={1}"):
        lines = [f">{form.format(i, k)}\n{'ACGT' * 5}\n" for i, k in enumerate(K)]
        Path("a.fa").write_text("".join(lines))
        if "label" not in form:
            with refuses("missing", "y"):
                custom_task("a.fa")
    assert custom_task("a.fa").classes == (0, 1)


@pytest.mark.parametrize("name", ["a.spc", "a.jdx", "sample.0", "a.libsvm"])
def test_what_other_programs_export(name: str, refuses: Callable[..., Any]) -> None:
    Path(name).write_bytes(b"x")
    with refuses("value", name):
        custom_task(name)


def test_sparse_rows_of_weka(refuses: Callable[..., Any]) -> None:
    head = "@relation w\n@attribute a numeric\n@attribute b {p,q}\n@data\n% sparse\n"
    Path("a.arff").write_text(head + "{0 1.5, 1 q}\n{1 p}\n")
    with refuses("file", "a.arff"):
        custom_task("a.arff")


def test_a_column_that_cannot_be_read_can_be_left_out(refuses: Callable[..., Any]) -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(X[:, :4], columns=list("abcd")).assign(meta=[{"site": i} for i in range(N)], kind=K)
    frame.to_parquet("a.parquet")
    with refuses("file", "a.parquet"):
        custom_task("a.parquet")
    for keys in ({"drop": "meta"}, {"drop": "meta", "y": "kind"}, {"x": "a..d", "y": "kind"}):
        assert custom_task("a.parquet", **keys).input_shape == (1, 4)
