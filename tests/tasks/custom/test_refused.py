"""Files that are not read, and why: one line, before anything is allocated for them."""

import gzip
import importlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from isthmus.errors import InputError
from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.contents import formats, open_contents

X = np.random.default_rng(0).normal(size=(6, 9))
Y = np.arange(6) % 2


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_no_regular_file(refuses: Callable[..., Any]) -> None:
    os.mkfifo("pipe.csv")
    os.symlink("/dev/zero", "zero.npy")
    os.symlink("loop.csv", "loop.csv")
    for name in ("pipe.csv", "zero.npy", "loop.csv"):
        with refuses("file", name):
            custom_task(name)
    os.makedirs("classes/a")
    os.mkfifo("classes/a/1.csv")
    with refuses("file", "classes/a/1.csv"):
        custom_task("classes")


@pytest.mark.parametrize(
    "name", ["a.zip", "a.tar.gz", "a.npz.gz", "a.pkl", "a.xls", "a.json", "a.docx", "a", "a.JPG", "a.wav"]
)
def test_suffixes(name: str, here: Path, refuses: Callable[..., Any]) -> None:
    (here / name).write_bytes(b"x")
    with refuses("file" if name in ("a.JPG", "a.wav") else "value", name):
        custom_task(name)


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("a.xlsx", "openpyxl"),
        ("a.parquet", "pyarrow"),
        ("a.nc", "xarray"),
        ("a.zarr", "zarr"),
        ("a.edf", "mne"),
        ("a.hea", "wfdb"),
        ("a.fits", "astropy"),
    ],
)
def test_what_is_not_installed(
    name: str, package: str, here: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    (here / name).write_bytes(b"x")
    assert len(formats)  # all readers are imported, as nothing can be after this

    def missing(module: str) -> None:
        raise ImportError(module)

    monkeypatch.setattr(importlib, "import_module", missing)
    with refuses("dependency", package):
        custom_task(name)


def test_sound_without_its_package(
    here: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    (here / "birds" / "wren").mkdir(parents=True)
    (here / "birds" / "wren" / "a.wav").write_bytes(b"x")
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with refuses("dependency", "soundfile"):
        custom_task("birds")


def npz_of_zeros() -> str:
    with zipfile.ZipFile("a.npz", "w", zipfile.ZIP_DEFLATED) as file:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 9)}
        )
        file.writestr("x.npy", header.getvalue() + bytes(1000))
        npy = io.BytesIO()
        np.save(npy, Y)
        file.writestr("y.npy", npy.getvalue())
    return "a.npz"


def empty_hdf5() -> str:
    with h5py.File("a.h5", "w") as file:
        file.create_dataset("x", (10**9, 9), np.float32, chunks=(100, 9))
        file.create_dataset("y", (10**9,), np.int64, chunks=(100,))
    return "a.h5"


def empty_zarr() -> str:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group("a.zarr", mode="w")
    for name, shape in (("x", (10**9, 9)), ("y", (10**9,))):
        group.create_array(name, shape=shape, dtype=np.int64, chunks=(10**6, *shape[1:]))
    return "a.zarr"


def npy_cut_off() -> str:
    with open("x.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 9)}
        )
    np.save("y.npy", Y)
    return "x.npy"


def csv_of_zeros() -> str:
    with gzip.open("a.csv.gz", "wb", 9) as file:
        for _ in range(20):
            file.write(bytes(2**24))
    return "a.csv.gz"


def workbook_of_zeros() -> str:
    with zipfile.ZipFile("a.xlsx", "w", zipfile.ZIP_DEFLATED) as file, file.open("xl/a.xml", "w") as member:
        for _ in range(20):
            member.write(bytes(2**24))
    return "a.xlsx"


def tensor_of_one_value() -> str:
    torch.save({"x": torch.zeros(1, 1).expand(10**9, 9), "y": torch.zeros(6)}, "a.pt")
    return "a.pt"


@pytest.mark.parametrize(
    "write",
    [npz_of_zeros, empty_hdf5, empty_zarr, npy_cut_off, csv_of_zeros, workbook_of_zeros, tensor_of_one_value],
    ids=lambda write: write.__name__,
)
def test_sizes_without_bounds(write: Callable[[], str], refuses: Callable[..., Any]) -> None:
    name = write()
    with refuses("file", name, upto="declares" if name in ("a.csv.gz", "a.xlsx") else ""):
        custom_task(name)


def test_a_picture_of_too_many_pixels(here: Path, refuses: Callable[..., Any]) -> None:
    (here / "birds" / "wren").mkdir(parents=True)
    Image.new("1", (20_000, 20_000)).save("birds/wren/a.png")
    with refuses("file", "birds/wren/a.png", upto="as a picture"):
        custom_task("birds")
    (here / "birds" / "wren" / "a.png").write_bytes(b"no picture")
    with refuses("file", "birds/wren/a.png", upto="as a picture"):
        custom_task("birds")


class Bomb:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was loaded",))


def test_no_pickle_is_loaded(refuses: Callable[..., Any]) -> None:
    torch.save({"x": Bomb(), "y": torch.zeros(6)}, "a.pt")
    with refuses("file", "a.pt"):
        custom_task("a.pt")
    np.save("x.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.save("y.npy", Y)
    with refuses("file", "x.npy"):
        custom_task("x.npy")


def test_no_pickle_of_zarr_is_loaded(here: Path, refuses: Callable[..., Any]) -> None:
    pytest.importorskip("zarr")
    import json
    import pickle

    store = here / "a.zarr" / "x"
    store.mkdir(parents=True)
    (store.parent / ".zgroup").write_text('{"zarr_format": 2}')
    meta = {
        "zarr_format": 2,
        "shape": [1],
        "chunks": [1],
        "dtype": "|O",
        "compressor": None,
        "fill_value": None,
    }
    (store / ".zarray").write_text(
        json.dumps(meta | {"order": "C", "filters": [{"id": "pickle", "protocol": 4}]})
    )
    (store / "0").write_bytes(pickle.dumps(Bomb()))
    with refuses("file", "a.zarr", upto="cannot be read as zarr"):
        open_contents(Path("a.zarr")).take("x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,y\n1,2,0\n\n3,NA,1\n", "row 4, column 'b'"),
        ("1,2,0\n3,,1\n5,6,0\n", "row 2, column '1'"),
        ("a,b,y\n1,2,p\n3,4,\n5,6,q\n", "row 3, column 'y'"),
        ("a,b,y\n1,2,0\n3,4,NaN\n5,6,1\n", "row 3, column 'y'"),
        ("a,b,y\n1,2,nan\n3,4,p\n5,6,q\n", "row 2, column 'y'"),
        ('a,b,y\n1,2,0\n3,null,1\n5,"",0\n', "row 3, column 'b' and in 1 more places"),
    ],
)
def test_a_missing_cell_is_told_by_its_row_in_the_file(text: str, said: str, here: Path) -> None:
    (here / "a.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        custom_task("a.csv")


def test_a_missing_number_is_told_by_its_place_in_the_file(here: Path, refuses: Callable[..., Any]) -> None:
    x = X.copy()
    x[4, 7] = np.nan
    np.savez("a.npz", x=x, y=Y)
    (here / "a.yaml").write_text("data: a.npz\nhold_out: 0.5\nname: mine\n")
    with refuses("file", "a.npz"):
        custom_task("a.yaml")
    for i, row in enumerate(x):
        (here / "c" / str(Y[i])).mkdir(parents=True, exist_ok=True)
        np.save(here / "c" / str(Y[i]) / f"{i}.npy", row)
    with refuses("file", "c"):
        custom_task("c")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ts", "@classLabel true a b\n1,2:a\n"),
        ("a.ts", "@data\n"),
        ("a.ts", "@classLabel true a b\n@data\n1,x:a\n"),
        ("a.ts", "@classLabel true a b\n@data\n1,2:1:a\n"),
        ("a.arff", "@relation w\n@attribute r relational\n@data\n1,2,3\n"),
        ("a.arff", "@relation w\n@attribute a numeric\n@data\nx\n"),
        ("a.fa", "ACGT\n"),
        ("a.fa", ">a\n>b\nACGT\n"),
        ("a.csv", "1,2\0,3\n"),
        ("a.mat", "no MATLAB"),
        ("a.nc", "no netCDF"),
        ("a.fits", "no FITS"),
        ("a.edf", "no EDF"),
        ("a.hea", "r 1 100 9999999999999\n../../x.dat 16 200 16 0 0 0 0 II\n"),
        ("a.safetensors", "no tensors"),
        ("a.parquet", "no parquet"),
        ("a.feather", "no table"),
    ],
)
def test_damaged_files(name: str, text: str, here: Path, refuses: Callable[..., Any]) -> None:
    (here / name).write_text(text)
    with pytest.raises(InputError) as error:
        custom_task(name)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


FORMATS = ["a.csv", "a.ts", "a.fa", "a.mat", "a.pt", "a.nc", "a.xlsx", "a.parquet"]
WHOLE: dict[str, bytes] = {}


def whole_files(folder: Path) -> None:
    """Write a small file of each format and keep its bytes."""
    import pandas as pd
    import scipy.io
    import xarray

    frame = pd.DataFrame(X, columns=list("abcdefghi")).assign(y=Y)
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_excel(folder / "a.xlsx", index=False)
    frame.to_parquet(folder / "a.parquet")
    rows = "".join(",".join(map(str, row)) + f":{y}\n" for row, y in zip(X, Y, strict=True))
    (folder / "a.ts").write_text("@classLabel true 0 1\n@data\n" + rows)
    (folder / "a.fa").write_text("".join(f">s{i} {y}\nACGTACGTAC\n" for i, y in enumerate(Y)))
    scipy.io.savemat(folder / "a.mat", {"x": X, "y": Y})
    torch.save({"x": torch.tensor(X), "y": torch.tensor(Y)}, folder / "a.pt")
    xarray.Dataset({"x": (("n", "t"), X), "y": ("n", Y)}).to_netcdf(folder / "a.nc", engine="h5netcdf")
    WHOLE.update({name: (folder / name).read_bytes() for name in FORMATS})


@given(st.sampled_from(FORMATS), st.data())
def test_damage_is_said_or_harmless(tmp_path_factory: pytest.TempPathFactory, name: str, data: Any) -> None:
    """Cut off, or with some bytes changed: a task or an InputError of one line, nothing else."""
    if not WHOLE:
        whole_files(tmp_path_factory.mktemp("whole"))
    content = bytearray(WHOLE[name])
    content = content[: data.draw(st.integers(0, len(content)))]
    for place in data.draw(st.lists(st.integers(0, 4000), max_size=4)):
        if place < len(content):
            content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(bytes(content))
    try:
        custom_task(path)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_what_is_missing_can_be_read_for_those_who_fill_it_in(here: Path) -> None:
    (here / "a.csv").write_text("a,b,y\n1,2,p\n3,NA,\n")
    contents = open_contents(Path("a.csv"))
    np.testing.assert_array_equal(contents.take_with_gaps(("a", "b")), [[1, 2], [3, np.nan]])
    assert contents.take_with_gaps("y").tolist() == ["p", ""]


def test_a_dataset_may_be_named_from_the_root(here: Path) -> None:
    with h5py.File("a.h5", "w") as file:
        file["g/x"], file["g/y"] = X, Y
    np.testing.assert_array_equal(open_contents(Path("a.h5")).take("/g/x"), X)
