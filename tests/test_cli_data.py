"""`isthmus data`: what it says, and of every bad input one line."""

import io
import json
import pickle
import resource
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from isthmus.tasks import load_task, tasks

NAMES = [name for name, entry in tasks.items() if entry.data is not None]
FIT = ["--method", "nft", "--set", "epochs=1", "--set", "epoch_steps=2", "--set", "batch_size=2"]
rng = np.random.default_rng(0)


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of all data."""
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def put(data: Path, task: str) -> Path:
    """The folder of a task's published files, made."""
    folder = data / "nasbench360" / task / "published"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def put_ninapro(data: Path, **changes: Any) -> Path:
    folder = put(data, "ninapro")
    for part in ("train", "val", "test"):
        np.save(folder / f"ninapro_{part}.npy", changes.get("x", rng.normal(size=(6, 52, 16))))
        np.save(folder / f"label_{part}.npy", changes.get("y", np.arange(6)))
    return folder


def put_darcy(data: Path) -> Path:
    folder, fields = put(data, "darcy"), {"coeff": np.ones((2, 421, 421)), "sol": np.ones((2, 421, 421))}
    savemat(folder / "piececonst_r421_N1024_smooth1.mat", fields)
    savemat(folder / "piececonst_r421_N1024_smooth2.mat", fields)
    return folder


def test_every_data_set_is_listed_with_its_state(data: Path, run: Callable[..., Any]) -> None:
    code, out, said = run("data", "list")
    assert (code, said) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert [words[0] for words in lines if words and words[0] in NAMES] == NAMES
    assert all(words[-1] == "no" for words in lines if words and words[0] in NAMES)
    run("data", "mock", "nasbench360/satellite")
    put_ninapro(data)
    put(data, "darcy").joinpath("piececonst_r421_N1024_smooth1.mat").write_bytes(b"")
    out = run("data", "list")[1]
    for task, state in (("satellite", "synthetic"), ("ninapro", "downloaded"), ("darcy", "in part")):
        assert next(line for line in out.splitlines() if task in line).rstrip().endswith(f" {state}")


@pytest.mark.parametrize("name", NAMES)
def test_info_says_where_data_is_from_and_where_it_belongs(
    data: Path, run: Callable[..., Any], name: str
) -> None:
    code, out, said = run("data", "info", name, "--root", "there")
    assert (code, said) == (0, "")
    entry = tasks[name]
    stored = entry.require_data()
    for words in (entry.about, entry.shape, stored.licence, *stored.citation, *stored.notes):
        assert words in out
    for file in stored.files:
        told = [line for line in out.splitlines() if f" {file.name}, " in line and line.endswith(file.url)]
        assert bool(told) == file.needed, file.name
    assert f"there/{name}/published" in out
    assert f"there/{name}/prepared" in out


@pytest.mark.parametrize("name", NAMES)
def test_a_stand_in_for_every_data_set(data: Path, run: Callable[..., Any], name: str) -> None:
    assert run("data", "mock", name, "--samples", "4")[0] == 0
    code, out, said = run("data", "verify", name)
    assert (code, out, said) == (0, f"{name} is intact (synthetic stand-in, not the published data)\n", "")
    assert "synthetic: synthetic stand-in, not the published data" in run("data", "info", name)[1]
    task, entry = load_task(name), tasks[name]
    assert (task.name, task.kind) == (f"{name}-synthetic", entry.kind)
    assert task.about == f"{entry.about} (synthetic stand-in, not the published data)"
    assert task.shape.split(",")[0:2] == entry.shape.split(",")[0:2]
    assert all(split is not None for split in (task.train, task.validation, task.test))


def test_a_result_of_a_stand_in_says_so(
    data: Path, run: Callable[..., Any], backbones: dict[str, str], tmp_path: Path
) -> None:
    run("data", "mock", "nasbench360/ecg", "--samples", "8")
    assert run("fit", "nasbench360/ecg", *FIT, "--backbone", backbones["vit"], "--out", "a")[0] == 0
    assert json.loads((tmp_path / "a" / "result.json").read_text())["task"] == "nasbench360/ecg-synthetic"
    assert "nasbench360/ecg-synthetic" in (tmp_path / "a" / "log.txt").read_text()


def test_verify_names_what_is_not_whole(data: Path, run: Callable[..., Any]) -> None:
    put_ninapro(data)
    assert run("data", "prepare", "nasbench360/ninapro")[:2] == (
        0,
        f"6 arrays in {data}/nasbench360/ninapro/prepared\n",
    )
    out = run("data", "verify", "nasbench360/ninapro")[1].splitlines()
    assert out[:2] == ["nasbench360/ninapro is intact", "train_x has 6 rows, and 2638 are published"]
    assert len(out) == 7


def test_tasks_without_data_of_their_own(
    data: Path, run: Callable[..., Any], refused: Callable[[Any], str]
) -> None:
    for command in ("info", "download", "prepare", "verify", "mock"):
        assert "the data of 'digits' comes inside a package" in refused(run("data", command, "digits"))
        assert "did you mean 'nasbench360/ecg'?" in refused(run("data", command, "nasbench360/ekg"))
        assert "Missing argument 'name'" in refused(run("data", command))


def test_data_that_is_not_here(data: Path, run: Callable[..., Any], refused: Callable[[Any], str]) -> None:
    line = refused(run("fit", "nasbench360/ecg"))
    assert f"is not in '{data}/nasbench360/ecg/prepared'; get it with `isthmus data download" in line
    assert "is not in" in refused(run("data", "verify", "nasbench360/ecg"))
    line = refused(run("data", "prepare", "nasbench360/ecg"))
    assert "challenge2017.pkl' is missing: get https://pde-xd.s3.amazonaws.com/ECG/challenge2017.pkl" in line


def test_a_download_without_a_network_says_where_the_file_belongs(
    data: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, refused: Callable[[Any], str]
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    line = refused(run("data", "download", "nasbench360/spherical"))
    assert "cannot get https://pde-xd.s3.amazonaws.com/spherical/s2_cifar100.gz: Name or service not" in line
    assert line.endswith(f"put it at '{data}/nasbench360/spherical/published/s2_cifar100.gz'\n")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": np.array([0, 1, 2, 18, 3, 4])}, "label_train.npy holds 18 at [3]; values are 0 to 17"),
        ({"y": np.arange(5)}, "ninapro_train.npy' holds 6 signals and 5 labels"),
        ({"x": rng.normal(size=(6, 46))}, "has samples of shape [46]; [52, 16] are right"),
        ({"x": np.full((6, 52, 16), np.nan)}, "holds nan at [0, 0, 0]"),
        ({"x": np.array([print] * 6)}, "asks for builtins.print"),
    ],
)
def test_files_of_another_kind(
    data: Path, run: Callable[..., Any], changes: dict[str, Any], message: str, refused: Callable[[Any], str]
) -> None:
    put_ninapro(data, **changes)
    assert message in refused(run("data", "prepare", "nasbench360/ninapro"))
    assert [path.name for path in (data / "nasbench360/ninapro").iterdir()] == ["published"]


def test_a_cut_off_array(data: Path, run: Callable[..., Any], refused: Callable[[Any], str]) -> None:
    path = put_ninapro(data) / "ninapro_val.npy"
    path.write_bytes(path.read_bytes()[:-9])
    assert "ninapro_val.npy' cannot be read as .npy: it is cut off at row 5" in refused(
        run("data", "prepare", "nasbench360/ninapro")
    )


def test_mat_files(data: Path, run: Callable[..., Any], refused: Callable[[Any], str]) -> None:
    folder = put_darcy(data)
    path = folder / "piececonst_r421_N1024_smooth1.mat"
    good = path.read_bytes()

    def line() -> str:
        return refused(run("data", "prepare", "nasbench360/darcy"))

    path.write_bytes(good[:-100])
    assert "smooth1.mat' cannot be read as a .mat file" in line()
    path.write_bytes(b"MATLAB 9.9" + good[10:])
    assert "smooth1.mat' is no .mat file of version 5 or 7.3, nor HDF5" in line()
    savemat(path, {"coeff": np.ones((2, 421, 421))})
    assert "smooth1.mat' holds no 'sol'; it holds coeff" in line()
    savemat(path, {"coeff": np.ones((2, 64, 64)), "sol": np.ones((2, 64, 64))})
    assert "smooth1.mat:coeff has samples of shape [13, 13]; [85, 85] are right" in line()
    with h5py.File(path, "w") as file:
        file["coeff"] = np.ones((2, 421, 421))
    path.write_bytes(path.read_bytes()[:-1000])
    assert "smooth1.mat' cannot be read as a .mat file" in line()
    assert "truncated file" in line()


def test_a_pickle_that_asks_for_more_than_arrays(
    data: Path, run: Callable[..., Any], tmp_path: Path, refused: Callable[[Any], str]
) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "pwned"), "w"))

    path = put(data, "ecg") / "challenge2017.pkl"
    path.write_bytes(pickle.dumps({"data": [Evil()], "label": ["N"]}))
    line = refused(run("data", "prepare", "nasbench360/ecg"))
    assert "challenge2017.pkl' asks for" in line
    assert "only numpy arrays and builtin containers are read" in line
    assert not (tmp_path / "pwned").exists()
    path.write_bytes(pickle.dumps({"data": [np.zeros(1200)] * 12, "label": ["N"] * 11 + ["X"]}))
    assert "holds the label 'X'; known: N, A, O, ~" in refused(run("data", "prepare", "nasbench360/ecg"))
    path.write_bytes(pickle.dumps({"train": 1}))
    assert "holds no 'data'; it holds train" in refused(run("data", "prepare", "nasbench360/ecg"))
    path.write_bytes(pickle.dumps({"data": [np.zeros(1200)], "label": ["N"]})[:-40])
    assert "cannot be read as a pickle" in refused(run("data", "prepare", "nasbench360/ecg"))


def test_an_archive_that_leads_out_of_its_folder(
    data: Path, run: Callable[..., Any], tmp_path: Path, refused: Callable[[Any], str]
) -> None:
    for task, name in (("psicov", "protein.zip"), ("fsd50k", "audio.zip")):
        with zipfile.ZipFile(put(data, task) / name, "w") as archive:
            archive.writestr("protein/deepcov.lst", "1abcA\n")
            archive.writestr("../../evil", "x")
        assert "holds '../../evil', which leads out of its folder" in refused(
            run("data", "prepare", f"nasbench360/{task}")
        )
    assert not list(tmp_path.rglob("evil"))
    path = put(data, "psicov") / "protein.zip"
    path.write_bytes(path.read_bytes()[:-30])
    assert "protein.zip' cannot be read as an archive" in refused(
        run("data", "prepare", "nasbench360/psicov")
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.txt", "x")
    assert "protein.zip' holds no 'deepcov.lst'" in refused(run("data", "prepare", "nasbench360/psicov"))


def test_a_protein_that_does_not_fit(
    data: Path, run: Callable[..., Any], refused: Callable[[Any], str]
) -> None:
    def protein(**changes: Any) -> str:
        features = {"seq": "A" * 5, "ss": np.zeros((3, 5)), "pssm": np.zeros((5, 22)), "sa": np.zeros(5)}
        features |= {"entropy": np.zeros(5)}
        features |= {name: np.zeros((5, 5)) for name in ("ccmpred", "freecon", "potential")}
        distance = np.empty(3, dtype=object)
        distance[:] = [5, "A" * 5, changes.pop("distance", np.ones((5, 5)))]
        file = io.BytesIO()
        np.save(file, distance)
        with zipfile.ZipFile(put(data, "psicov") / "protein.zip", "w") as archive:
            archive.writestr("protein/deepcov.lst", "1abcA\n1abcA\n")
            archive.writestr("protein/psicov.lst", "1abcA\n")
            archive.writestr("protein/deepcov/features/1abcA.pkl", pickle.dumps(features | changes))
            archive.writestr("protein/deepcov/distance/1abcA-cb.npy", file.getvalue())
        return refused(run("data", "prepare", "nasbench360/psicov"))

    assert "holds no 'psicov/features/1abcA.pkl'" in protein()
    assert "has 'ss' of shape [5, 3] for 6 residues" in protein(seq="A" * 6)
    assert "has 'sa' of shape [4] for 5 residues" in protein(sa=np.zeros(4))
    assert "has 'distances' of shape [4, 4] for 5 residues" in protein(distance=np.ones((4, 4)))
    assert "holds no map of finite distances" in protein(distance=np.full((5, 5), np.nan))
    assert "1abcA holds 1000" in protein(ccmpred=np.full((5, 5), 1000.0))


def test_a_full_disk(data: Path, run: Callable[..., Any], refused: Callable[[Any], str]) -> None:
    put_ninapro(data, x=rng.normal(size=(600, 52, 16)), y=np.zeros(600))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        line = refused(run("data", "prepare", "nasbench360/ninapro"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert ".part': File too large; " in line
    assert " MB left; give a place with room as --root" in line.replace("GB", "MB")
    assert [path.name for path in (data / "nasbench360/ninapro").iterdir()] == ["published"]


def test_a_root_that_cannot_be_written(
    data: Path, run: Callable[..., Any], tmp_path: Path, refused: Callable[[Any], str]
) -> None:
    (tmp_path / "file").write_text("")
    assert "is not a folder" in refused(run("data", "mock", "nasbench360/ecg", "--root", "file"))
    assert "1 samples are too few" in refused(run("data", "mock", "nasbench360/ecg", "--samples", "1"))
    assert "'--seed'" in refused(run("data", "mock", "nasbench360/ecg", "--seed", "-1"))


def test_help_names_every_command(run: Callable[..., Any]) -> None:
    code, out, said = run("data", "--help")
    assert (code, said) == (0, "")
    for command in ("list", "info", "download", "prepare", "verify", "mock"):
        assert command in out
