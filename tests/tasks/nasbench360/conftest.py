"""Small files in each published format: the names, shapes, dtypes and quirks of the real ones."""

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
import pytest
from scipy.io import savemat, wavfile

from isthmus.store.paths import published

PicklerInPython: Any = pickle._Pickler  # typed like the one in C, which cannot be extended


class Python2Pickler(PicklerInPython):  # type: ignore[misc]
    """Writes bytes as Python 2 wrote its text."""

    dispatch: ClassVar[dict[Any, Any]] = dict(PicklerInPython.dispatch)

    def save_bytes(self, value: Any) -> None:
        short = len(value) < 256
        head = pickle.SHORT_BINSTRING + bytes([len(value)]) if short else None
        self.write((head or pickle.BINSTRING + struct.pack("<i", len(value))) + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes


def python2_pickle(content: Any) -> bytes:
    file = io.BytesIO()
    Python2Pickler(file, 2).dump(content)
    return file.getvalue().replace(b"cnumpy._core.", b"cnumpy.core.")


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def write_tar(path: Path | str, members: dict[str, bytes], mode: Any = "w") -> None:
    with tarfile.open(path, mode) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def write_zip(path: Path | str, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def cifar100(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    raw = {}
    for part, n in (("train", 20), ("test", 6)):
        fine = [int(k) for k in rng.integers(0, 100, n)]
        raw[part] = (rng.integers(0, 256, (n, 3072), dtype=np.uint8), fine)
    members = {
        f"cifar-100-python/{part}": python2_pickle(
            {
                b"batch_label": b"training batch 1 of 1",
                b"coarse_labels": [k // 5 for k in fine],
                b"data": data,
                b"filenames": [b"a_s_%06d.png" % i for i in range(len(fine))],
                b"fine_labels": fine,
            }
        )
        for part, (data, fine) in raw.items()
    }
    members["cifar-100-python/meta"] = python2_pickle({b"fine_label_names": [b"apple"] * 100})
    write_tar(folder / "cifar-100-python.tar.gz", members, "w:gz")
    return raw


def spherical(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    raw = {
        part: {
            "images": rng.integers(0, 256, (n, 3, 60, 60), dtype=np.uint8),
            "labels": rng.integers(0, 100, n),
        }
        for part, n in (("train", 20), ("test", 6))
    }
    with gzip.open(folder / "s2_cifar100.gz", "wb") as file:
        pickle.dump(raw, file)
    return raw


def darcy(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    """The first file as MATLAB 7.3 writes it, axes reversed; the second of version 5."""
    raw = {
        part: {
            "coeff": rng.choice([3.0, 12.0], (n, 421, 421)),
            "sol": rng.uniform(0, 0.02, (n, 421, 421)),
        }
        for part, n in (("smooth1", 10), ("smooth2", 4))
    }
    path = folder / "piececonst_r421_N1024_smooth1.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in raw["smooth1"].items():
            file.create_dataset(name, data=array.transpose())
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    savemat(folder / "piececonst_r421_N1024_smooth2.mat", {**raw["smooth2"], "Kcoeff": np.zeros((4, 2, 2))})
    return raw


def psicov(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    members, raw = {}, {}
    for group, names in (("deepcov", ("1abcA", "2defB", "3ghiC", "4jklD")), ("psicov", ("1a3a", "1a6m"))):
        members[f"protein/{group}.lst"] = "".join(f"{n} 40\n" for n in names).encode()
        for name in names:
            length = int(rng.integers(30, 50))
            features = {
                "seq": "A" * length,
                "ss": rng.random((3, length)).astype(np.float16),
                "pssm": rng.random((length, 22)).astype(np.float16),
                "sa": rng.random(length).astype(np.float16),
                "entropy": rng.random(length).astype(np.float16),
                **{k: rng.normal(size=(length, length)) for k in ("ccmpred", "freecon", "potential")},
            }
            walk = rng.normal(size=(length, 3)).cumsum(0)
            apart = np.linalg.norm(walk[:, None] - walk, axis=-1).astype(np.float16)
            distance = np.empty(3, dtype=object)
            distance[:] = [length, "A" * length, apart]
            members[f"protein/{group}/features/{name}.pkl"] = pickle.dumps(features)
            members[f"protein/{group}/distance/{name}-cb.npy"] = npy(distance)
            raw[name] = (features, apart)
    write_zip(folder / "protein.zip", members)
    return raw


def cosmic(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    """Beside what the benchmark takes, pictures of other filters and of fields that are no galaxies."""
    raw = {}
    for part, visits in (("train", ("10760/2", "12058/16")), ("test", ("13737/3",))):
        members = {}
        for band in ("f435w", "f606w"):
            for visit in (*visits, "10595/2"):
                place = f"npy_{part}/{band}/{visit}"
                members[f"{place}/sky.npy"] = npy(rng.uniform(10, 20, 4))
                for number in (1, 2, 4):
                    layers = np.stack(
                        [rng.normal(100, 5, (256, 256)), *(rng.random((2, 256, 256)) < [[[0.05]], [[0.1]]])]
                    )
                    members[f"{place}/{number}_0.npy"] = npy(layers.astype(np.float32))
        raw[part] = members
        write_tar(folder / f"deepCR.ACS-WFC.{part}.tar", members)
    return raw


def ninapro(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    raw = {}
    for part, n in (("train", 12), ("val", 4), ("test", 6)):
        raw[part] = (rng.normal(size=(n, 52, 16)), rng.integers(0, 18, n).astype(np.float64))
        np.save(folder / f"ninapro_{part}.npy", raw[part][0])
        np.save(folder / f"label_{part}.npy", raw[part][1])
    return raw


def fsd50k(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    """Lists name the chunks by their place on another machine."""
    words = [f"Sound_{i}" for i in range(200)]
    members = {"audio/chunks/lbl_map.json": json.dumps({w: i for i, w in enumerate(words)}).encode()}
    raw = {}
    for part, clips in (("tr", 4), ("val", 2), ("eval", 3)):
        lines = ["files,labels,ext"]
        for clip in range(clips):
            labels = [words[i] for i in rng.choice(200, 3, replace=False)]
            for chunk in range(1 + clip % 3):
                name = f"{part}{clip}_{chunk}.wav"
                sound = (rng.normal(size=22050 if clip else 9000) * 3000).astype(np.int16)
                file = io.BytesIO()
                wavfile.write(file, 22050, sound)
                members[f"audio/chunks/{part}_chunks/{name}"] = file.getvalue()
                lines.append(f'/elsewhere/{part}_chunks/{name},"{",".join(labels)}",{part}{clip}')
                raw[name] = (sound, labels)
        members[f"audio/chunks/{part}.csv"] = "\n".join(lines).encode()
    file = io.BytesIO()
    wavfile.write(file, 22050, (rng.normal(size=60_000) * 3000).astype(np.int16))
    members["audio/noise_22050/rain.wav"] = file.getvalue()
    write_zip(folder / "audio.zip", members)
    return raw


def ecg(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    letters = np.array(list("NAO~") * 4)
    records = np.empty(16, dtype=object)
    records[:] = [rng.integers(-500, 500, int(rng.integers(1300, 1800))).astype(np.int16) for _ in letters]
    raw = {"data": records, "label": letters}
    with open(folder / "challenge2017.pkl", "wb") as file:
        pickle.dump(raw, file)
    return raw


def satellite(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for part, n in (("train", 36), ("test", 8)):
        raw[part] = {"data": rng.normal(size=(n, 46)), "label": rng.integers(1, 25, n)}
        np.save(folder / f"satellite_{part}.npy", raw[part])
    return raw


def deepsea(folder: Path, rng: np.random.Generator) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for part, n in (("train", 8), ("val", 4), ("test", 6)):
        raw[f"x_{part}"] = np.eye(4, dtype=np.float32)[rng.integers(0, 4, (n, 1000))]
        raw[f"y_{part}"] = rng.random((n, 36)) < 0.5
    np.savez_compressed(folder / "deepsea_filtered.npz", **raw)
    return raw


WRITERS = {
    f"nasbench360/{write.__name__}": write
    for write in (cifar100, spherical, darcy, psicov, cosmic, ninapro, fsd50k, ecg, satellite, deepsea)
}


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Writes the published files of a task under a root of its own: publish(name) -> what is in them."""
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))

    def write(name: str) -> dict[str, Any]:
        folder = published(name)
        folder.mkdir(parents=True)
        return WRITERS[name](folder, np.random.default_rng(0))

    return write
