"""Files as instruments, archives and other programs write them: what is read of each, and what is told."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import torch
from PIL import Image

from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.contents import Contents, open_contents

N = 12
rng = np.random.default_rng(0)
X = rng.normal(size=(N, 9)).round(3)
Y = np.array(["no", "yes"])[np.arange(N) % 2]
NUMBERS = np.arange(N) % 3
AXIS = np.linspace(400, 2500, 9).astype(int)
LAYOUTS: list[Any] = []


def layout(
    *notes: str, x: Any = X, y: Any = Y, test: int | None = None, suffix: str = ""
) -> Callable[..., Any]:
    """Register a writer of a file: writer(folder) -> path; x, y and notes are what should be read of it."""

    def add(write: Callable[[Path], Path]) -> Callable[[Path], Path]:
        name = write.__name__ + suffix
        LAYOUTS.append(pytest.param(write, x, y, test, notes, id=name))
        return write

    return add


def frame() -> pd.DataFrame:
    return pd.DataFrame(X, columns=[f"a{i}" for i in range(9)]).assign(label=Y)


@layout("column 0 is an unnamed index and was left out")
def csv_with_the_index_of_pandas(folder: Path) -> Path:
    frame().to_csv(folder / "a.csv")
    return folder / "a.csv"


@layout("header of numbers: columns are positions 400 to 2600", y=NUMBERS)
def csv_with_a_header_of_wavelengths(folder: Path) -> Path:
    table = pd.DataFrame(X, columns=AXIS).assign(**{"2600": NUMBERS})
    table.to_csv(folder / "a.csv", index=False)
    return folder / "a.csv"


@layout("header of numbers: columns are positions 0 to 9", y=NUMBERS)
def csv_with_numbered_columns(folder: Path) -> Path:
    pd.DataFrame(X).assign(y=NUMBERS).set_axis(range(10), axis=1).to_csv(folder / "a.csv", index=False)
    return folder / "a.csv"


@layout("row 1 is taken as data, not as a header", y=np.array(["bird", *Y[1:]]))
def csv_without_header_whose_first_label_is_rare(folder: Path) -> Path:
    pd.DataFrame(X).assign(y=["bird", *Y[1:]]).to_csv(folder / "a.csv", index=False, header=False)
    return folder / "a.csv"


@layout(
    "numbers have a decimal comma",
    "read as latin-1, for it is not UTF-8",
    y=np.array(["né", "été"])[np.arange(N) % 2],
)
def csv_of_a_european_excel(folder: Path) -> Path:
    table = frame().assign(label=np.array(["né", "été"])[np.arange(N) % 2])
    table.to_csv(folder / "A.CSV", index=False, sep=";", decimal=",", encoding="latin-1")
    return folder / "A.CSV"


@layout("numbers have a decimal comma", y=X[:, 0])
def csv_of_numbers_alone_with_decimal_commas(folder: Path) -> Path:
    pd.DataFrame(X).assign(y=X[:, 0]).to_csv(
        folder / "a.csv", index=False, header=False, sep=";", decimal=","
    )
    return folder / "a.csv"


@layout()
def tsv_with_a_mark(folder: Path) -> Path:
    frame().to_csv(folder / "a.tsv", index=False, sep="\t", encoding="utf-8-sig")
    return folder / "a.tsv"


@layout()
def text_of_excel_in_utf16(folder: Path) -> Path:
    frame().to_csv(folder / "a.txt", index=False, sep="\t", encoding="utf-16")
    return folder / "a.txt"


@layout()
def csv_compressed(folder: Path) -> Path:
    frame().to_csv(folder / "a.csv.gz", index=False)
    return folder / "a.csv.gz"


@layout("lines that begin with # were left out", y=NUMBERS)
def dat_between_spaces(folder: Path) -> Path:
    np.savetxt(
        folder / "a.dat", np.column_stack([X, NUMBERS]), fmt=["%.3f"] * 9 + ["%d"], header="made by hand"
    )
    return folder / "a.dat"


@layout("the header lacks a name, which is taken as that of column 0", y=Y)
def table_of_r(folder: Path) -> Path:
    lines = [
        " ".join(frame().columns),
        *(f"{i + 1} {' '.join(map(str, row))} {y}" for i, (row, y) in enumerate(zip(X, Y, strict=True))),
    ]
    (folder / "a.txt").write_text("\n".join(lines) + "\n")
    return folder / "a.txt"


@layout()
def xlsx(folder: Path) -> Path:
    frame().to_excel(folder / "a.xlsx", index=False)
    return folder / "a.xlsx"


@layout("column 0 is an unnamed index and was left out")
def xlsx_with_an_index(folder: Path) -> Path:
    frame().to_excel(folder / "a.xlsx")
    return folder / "a.xlsx"


@layout()
def parquet(folder: Path) -> Path:
    frame().to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


@layout(test=4)
def parquet_in_shards_of_two_parts(folder: Path) -> Path:
    (folder / "data").mkdir()
    table = frame()[["label", *frame().columns[:-1]]]
    table[:5].to_parquet(folder / "data" / "train-00000-of-00002.parquet")
    table[5:].to_parquet(folder / "data" / "train-00001-of-00002.parquet")
    table[:4].to_parquet(folder / "data" / "test-00000-of-00001.parquet")
    return folder


@layout(test=4)
def npz_in_the_spelling_of_scikit_learn(folder: Path) -> Path:
    np.savez(folder / "a.npz", X_train=X, X_test=X[:4], Y_train=Y, Y_test=Y[:4])
    return folder / "a.npz"


@layout("x_val is not used, for there is no y_val", "x_test is not used, for there is no y_test beside it")
def npz_with_a_lone_x_val_and_a_lone_x_test(folder: Path) -> Path:
    np.savez(folder / "a.npz", x=X, y=Y, x_val=X, x_test=X)
    return folder / "a.npz"


@layout()
def npz_of_data_and_target(folder: Path) -> Path:
    np.savez(folder / "a.npz", data=X, target=Y, target_names=np.array(["no", "yes"]))
    return folder / "a.npz"


@layout(test=4)
def npy_pairs(folder: Path) -> Path:
    for name, array in {"X_train": X, "y_train": Y, "X_test": X[:4], "y_test": Y[:4]}.items():
        np.save(folder / f"{name}.npy", array)
    return folder / "X_train.npy"


@layout()
def npy_pairs_by_folder(folder: Path) -> Path:
    np.save(folder / "signals.npy", X)
    np.save(folder / "labels.npy", Y)
    return folder


@layout("column 0 is y, as in the UCR archive", "test data is read from 'Coffee_TEST.tsv'", y=NUMBERS, test=4)
def tsv_of_the_ucr_archive(folder: Path) -> Path:
    for part, rows in (("TRAIN", slice(None)), ("TEST", slice(4))):
        table = np.column_stack([NUMBERS, X])[rows]
        np.savetxt(folder / f"Coffee_{part}.tsv", table, delimiter="\t", fmt="%.3f")
    return folder / "Coffee_TRAIN.tsv"


@layout("test data is read from", y=NUMBERS, test=4, x=[row[: 7 + i % 3] for i, row in enumerate(X)])
def folder_of_the_ucr_archive_with_unequal_lengths(folder: Path) -> Path:
    table = np.column_stack([NUMBERS, X])
    for i in range(N):
        table[i, 8 + i % 3 :] = np.nan
    for part, rows in (("TRAIN", table), ("TEST", table[:4])):
        pd.DataFrame(rows).to_csv(
            folder / f"Gesture_{part}.tsv", sep="\t", header=False, index=False, na_rep="NaN"
        )
    return folder


def ts_line(channels: Any, label: Any) -> str:
    return ":".join(",".join(map(str, channel)) for channel in channels) + f":{label}\n"


@layout(
    "test data is read from 'W_TEST.ts'",
    x=np.stack([X, -X], 1),
    y=np.array(["Banana", "banana"])[np.arange(N) % 2],
    test=4,
)
def ts_of_the_uea_archive(folder: Path) -> Path:
    head = "#comment\n@problemName W\n@univariate false\n@classLabel true Banana banana\n@data\n"
    lines = [ts_line((row, -row), ("Banana", "banana")[i % 2]) for i, row in enumerate(X)]
    (folder / "W_TRAIN.ts").write_text(head + "".join(lines))
    (folder / "W_TEST.ts").write_text(head + "".join(lines[:4]))
    return folder / "W_TRAIN.ts"


@layout(x=[row[None, : 7 + i % 3] for i, row in enumerate(X)], y=NUMBERS.astype(float))
def ts_of_the_tser_archive(folder: Path) -> Path:
    head = "@equalLength false\n@targetlabel true\n@data\n"
    (folder / "a.ts").write_text(
        head + "".join(ts_line([row[: 7 + i % 3]], NUMBERS[i]) for i, row in enumerate(X))
    )
    return folder / "a.ts"


@layout()
def arff_of_weka(folder: Path) -> Path:
    head = (
        "@relation w\n"
        + "".join(f"@attribute a{i} numeric\n" for i in range(9))
        + "@attribute c {no,yes}\n@data\n"
    )
    (folder / "a.arff").write_text(
        head + "".join(",".join(map(str, row)) + f",{y}\n" for row, y in zip(X, Y, strict=True))
    )
    return folder / "a.arff"


@layout(x=np.stack([X, -X], 1))
def arff_of_several_channels(folder: Path) -> Path:
    head = (
        "@relation w\n@attribute r relational\n@attribute t0 numeric\n@end r\n@attribute c {no,yes}\n@data\n"
    )
    channels = ["\\n".join(",".join(map(str, c)) for c in (row, -row)) for row in X]
    rows = [f"'{text}',{y}\n" for text, y in zip(channels, Y, strict=True)]
    (folder / "a.arff").write_text(head + "".join(rows))
    return folder / "a.arff"


@layout(y=NUMBERS)
def mat_of_version_5(folder: Path) -> Path:
    scipy.io.savemat(folder / "a.mat", {"X": X, "Y": NUMBERS[:, None]})
    return folder / "a.mat"


@layout()
def mat_with_a_struct_and_a_cell_of_text(folder: Path) -> Path:
    labels = np.array(Y, dtype=object)[:, None]
    scipy.io.savemat(folder / "a.mat", {"ECGData": {"Data": X, "Labels": labels}})
    return folder / "a.mat"


@layout(x=np.stack([X, -X], 1), y=NUMBERS.astype(float))
def mat_of_version_73(folder: Path) -> Path:
    with h5py.File(folder / "a.mat", "w", userblock_size=512) as file:
        file["x"] = np.stack([X, -X], 1).T
        file["y"] = NUMBERS.astype(float)[None]
    with open(folder / "a.mat", "r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(512, b" "))
    return folder / "a.mat"


@layout("the link 'gone' leads nowhere", test=4)
def hdf5_with_links_and_groups(folder: Path) -> Path:
    with h5py.File(folder / "other.h5", "w") as file:
        file["sig"] = X
    with h5py.File(folder / "a.h5", "w") as file:
        file["raw/lab"] = Y.astype(object)
        file["train/x"] = h5py.ExternalLink("other.h5", "/sig")
        file["train/y"] = h5py.SoftLink("/raw/lab")
        file["test/x"], file["test/y"] = X[:4], Y[:4].astype(object)
        file["circle"], file["gone"] = file["/"], h5py.SoftLink("/nothing")
    return folder / "a.h5"


@layout()
def netcdf(folder: Path) -> Path:
    xarray = pytest.importorskip("xarray")
    values = {"x": (("n", "t"), X), "y": ("n", Y.astype(object))}
    xarray.Dataset(values).to_netcdf(folder / "a.nc", engine="h5netcdf")
    return folder / "a.nc"


@layout(y=NUMBERS.astype(float), x=X.astype(np.float32))
def netcdf_of_version_3_packed(folder: Path) -> Path:
    xarray = pytest.importorskip("xarray")
    data = xarray.Dataset({"x": (("n", "t"), X.astype(np.float32)), "y": ("n", NUMBERS.astype(float))})
    packed = {"y": {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -1}}
    data.to_netcdf(folder / "a.nc", engine="scipy", encoding=packed)
    return folder / "a.nc"


@layout(y=NUMBERS)
def zarr_store(folder: Path) -> Path:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(folder / "a.zarr", mode="w")
    group.create_array("x", data=X, chunks=(5, 9))
    group.create_array("y", data=NUMBERS)
    return folder / "a.zarr"


@layout(x=np.float32(X), y=NUMBERS)
def tensors(folder: Path) -> Path:
    torch.save(
        {"data": torch.tensor(X, dtype=torch.float32), "targets": torch.tensor(NUMBERS)}, folder / "a.pt"
    )
    return folder / "a.pt"


@layout(x=np.float32(X), y=NUMBERS)
def a_pair_of_tensors(folder: Path) -> Path:
    torch.save((torch.tensor(X, dtype=torch.float32), torch.tensor(NUMBERS)), folder / "a.pt")
    return folder / "a.pt"


@layout(test=4)
def a_folder_of_datasets(folder: Path) -> Path:
    arrow = pytest.importorskip("pyarrow")
    names = {"label": {"names": ["no", "yes"], "_type": "ClassLabel"}}
    meta = {"huggingface": json.dumps({"info": {"features": names}})}
    for part, rows in (("train", slice(None)), ("test", slice(4))):
        columns = {"label": (np.arange(N) % 2)[rows], **{f"a{i}": X[rows, i] for i in range(9)}}
        table = arrow.table(columns).replace_schema_metadata(meta)
        (folder / part).mkdir()
        file = folder / part / "data-00000-of-00001.arrow"
        with arrow.OSFile(str(file), "wb") as sink, arrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        files = [{"filename": "data-00000-of-00001.arrow"}]
        (folder / part / "state.json").write_text(json.dumps({"_data_files": files}))
    (folder / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    return folder


def sound(folder: Path, length: Callable[[int], int]) -> Path:
    soundfile = pytest.importorskip("soundfile")
    for i, label in enumerate(Y):
        (folder / label).mkdir(exist_ok=True)
        soundfile.write(
            folder / label / f"{i:02}.WAV", (X[i] / 4)[: length(i)], 8000, subtype="FLOAT", format="WAV"
        )
    return folder


BY_CLASS = np.argsort(np.arange(N) % 2, kind="stable")


@layout(x=(X / 4).astype(np.float32)[BY_CLASS], y=Y[BY_CLASS])
def recordings(folder: Path) -> Path:
    return sound(folder, lambda i: 9)


@layout(
    "recordings of 7 to 9 points are stretched",
    x=[(X[i] / 4).astype(np.float32)[: 7 + i % 3] for i in BY_CLASS],
    y=Y[BY_CLASS],
)
def recordings_of_unequal_length(folder: Path) -> Path:
    return sound(folder, lambda i: 7 + i % 3)


@layout("y is column 'word' of 'labels.csv'", x=(X / 4).astype(np.float32), y=Y)
def recordings_that_a_table_names(folder: Path) -> Path:
    soundfile = pytest.importorskip("soundfile")
    (folder / "audio").mkdir()
    for i in range(N):
        soundfile.write(
            folder / "audio" / f"r{i}.flac".replace("flac", "wav"), X[i] / 4, 8000, subtype="FLOAT"
        )
    table = pd.DataFrame({"file": [f"audio/r{i}.wav" for i in range(N)], "speaker": range(N), "word": Y})
    table.to_csv(folder / "labels.csv", index=False)
    return folder


PIXELS = rng.integers(0, 256, (N, 3, 8, 6)).astype(np.uint8)


@layout(x=PIXELS[BY_CLASS], y=Y[BY_CLASS])
def pictures_in_colour(folder: Path) -> Path:
    for i, label in enumerate(Y):
        (folder / label).mkdir(exist_ok=True)
        Image.fromarray(np.moveaxis(PIXELS[i], 0, -1)).save(folder / label / f"{i:02}.PNG")
        (folder / label / "Thumbs.db").write_bytes(b"x")
    return folder


@layout(x=PIXELS[:, :1], y=np.array(["no"] * 6 + ["yes"] * 6), test=12)
def pictures_in_gray_of_two_parts(folder: Path) -> Path:
    for part in ("Train", "test"):
        for i, label in enumerate(np.array(["no"] * 6 + ["yes"] * 6)):
            (folder / part / label).mkdir(exist_ok=True, parents=True)
            Image.fromarray(PIXELS[i, 0]).save(folder / part / label / f"{i:02}.tif")
    return folder


@layout(x=np.float32(PIXELS[BY_CLASS][:, :1]) * 200, y=Y[BY_CLASS])
def pictures_of_sixteen_bits(folder: Path) -> Path:
    for i, label in enumerate(Y):
        (folder / label).mkdir(exist_ok=True)
        Image.fromarray(PIXELS[i, 0].astype(np.uint16) * 200).save(folder / label / f"{i:02}.png")
    return folder


SEQUENCES = ["".join(rng.choice(list("ACGT"), 10)) for _ in range(N)]
ONE_HOT = np.array(
    [[[letter == one for letter in sequence] for one in "ACGT"] for sequence in SEQUENCES], np.float32
)


@layout("column 'sequence' holds letters: one channel for each of ACGT", x=ONE_HOT)
def csv_with_a_column_of_letters(folder: Path) -> Path:
    pd.DataFrame({"sequence": SEQUENCES, "label": Y}).to_csv(folder / "a.csv", index=False)
    return folder / "a.csv"


@layout("x holds letters: one channel for each of ACGT", x=ONE_HOT)
def csv_with_a_column_for_each_letter(folder: Path) -> Path:
    table = pd.DataFrame([list(sequence) for sequence in SEQUENCES]).assign(label=Y)
    table.to_csv(folder / "a.csv", index=False, header=False)
    return folder / "a.csv"


@layout("y is the last word of each header", x=ONE_HOT)
def fasta(folder: Path) -> Path:
    lines = [f">s{i}|{Y[i]}\n{one[:6].lower()}\n{one[6:]}\n" for i, one in enumerate(SEQUENCES)]
    with gzip.open(folder / "a.fa.gz", "wt") as file:
        file.writelines(lines)
    return folder / "a.fa.gz"


@layout(x=ONE_HOT[BY_CLASS], y=Y[BY_CLASS])
def a_fasta_file_for_each_class(folder: Path) -> Path:
    for label in ("no", "yes"):
        lines = [f">s{i}\n{one}\n" for i, one in enumerate(SEQUENCES) if Y[i] == label]
        (folder / f"{label}.fasta").write_text("".join(lines))
    return folder


@layout(y=NUMBERS)
def fits_images(folder: Path) -> Path:
    fits = pytest.importorskip("astropy.io.fits")
    units = [fits.PrimaryHDU(), fits.ImageHDU(X, name="DATA"), fits.ImageHDU(NUMBERS, name="LABELS")]
    fits.HDUList(units).writeto(folder / "a.fits")
    return folder / "a.fits"


@layout()
def fits_table(folder: Path) -> Path:
    fits = pytest.importorskip("astropy.io.fits")
    columns = [fits.Column(f"a{i}", "D", array=X[:, i]) for i in range(9)]
    table = fits.BinTableHDU.from_columns([*columns, fits.Column("label", "3A", array=Y)])
    table.writeto(folder / "a.fits")
    return folder / "a.fits"


@layout("x is cut at the annotations: 6 pieces", x=None, y=np.array(["W", "N2"] * 3))
def edf_of_a_night(folder: Path) -> Path:
    write_edf(folder / "night.edf")
    return folder / "night.edf"


def write_edf(path: Path) -> None:
    """Write EDF+ with two channels of 100 Hz for 12 s and a stage of sleep every 2 s."""
    seconds, rate = 12, 100
    ends = b"".join(b"%+d\x152\x14%s\x14\x00" % (2 * i, (b"W", b"N2")[i % 2]) for i in range(6))
    notes = [(b"%+d\x14\x14\x00" % i + (ends if i == 0 else b"")).ljust(240, b"\0") for i in range(seconds)]
    fields = [  # of each signal: text, width
        ([b"Fpz", b"Pz", b"EDF Annotations"], 16), ([b""] * 3, 80), ([b"uV", b"uV", b""], 8),
        ([b"-100", b"-100", b"-1"], 8), ([b"100", b"100", b"1"], 8), ([b"-32768"] * 3, 8),
        ([b"32767"] * 3, 8), ([b""] * 3, 80), ([b"100", b"100", b"120"], 8), ([b""] * 3, 32),
    ]  # fmt: skip
    head = [
        (b"0", 8),
        (b"X X X X", 80),
        (b"Startdate 01-JAN-2020 X X X", 80),
        (b"01.01.20", 8),
        (b"00.00.00", 8),
    ]
    head += [(b"1024", 8), (b"EDF+C", 44), (b"%d" % seconds, 8), (b"1", 8), (b"3", 4)]
    wave = (1000 * np.sin(np.arange(seconds * rate) / 7)).astype("<i2").reshape(seconds, rate)
    with open(path, "wb") as file:
        file.writelines(text.ljust(width) for text, width in head)
        file.writelines(text.ljust(width) for texts, width in fields for text in texts)
        for i in range(seconds):
            file.write(wave[i].tobytes() + (-wave[i]).tobytes() + notes[i])


@layout("x is 12 beats of 0.5 s", x=None, y=np.array(["N", "V"] * 6))
def wfdb_of_one_heart(folder: Path) -> Path:
    wfdb = pytest.importorskip("wfdb")
    signal = np.sin(np.arange(660) / 8)[:, None]
    wfdb.wrsamp("h1", 100, ["mV"], ["II"], signal, fmt=["16"], write_dir=str(folder))
    places = np.arange(30, 630, 50)[:12]
    wfdb.wrann("h1", "atr", places, symbol=["N", "V"] * 6, write_dir=str(folder))
    return folder / "h1.hea"


def taken(contents: Contents) -> tuple[Any, Any]:
    y = contents.default_y()
    return contents.take(contents.default_x(y)), contents.take(y)


@pytest.mark.parametrize(("write", "x", "y", "test", "notes"), LAYOUTS)
def test_layout(
    write: Callable[[Path], Path], x: Any, y: Any, test: int | None, notes: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    path = write(folder)
    contents = open_contents(path)
    samples, targets = taken(contents)
    np.testing.assert_array_equal(targets, y)
    assert targets.dtype.kind == np.asarray(y).dtype.kind
    if isinstance(x, list):
        assert isinstance(samples, list)
        for sample, right in zip(samples, x, strict=True):
            np.testing.assert_array_equal(sample, right)
    elif x is not None:
        np.testing.assert_array_equal(samples, x)
    names = contents.default_test()
    assert (None if names is None else len(contents.take(names[1]))) == test
    if names is not None:
        for sample, right in zip(contents.take(names[0]), samples, strict=False):
            np.testing.assert_array_equal(sample, right)
    for note in notes:
        assert any(note in told for told in contents.notes), contents.notes
    task = custom_task(path)
    assert len(task.train) == len(targets)
    assert (None if task.test is None else len(task.test)) == test
