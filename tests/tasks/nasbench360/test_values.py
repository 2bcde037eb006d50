"""What was published is what a task gives, prepared as the benchmark says, and split without overlap."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import train_test_split

from isthmus.store.prepare import prepare as prepare_data
from isthmus.tasks import Split, Task, load_task, tasks
from isthmus.tasks.nasbench360.common import shuffled
from isthmus.tasks.nasbench360.fsd50k import fitted, spectrogram


def prepare(name: str) -> Any:
    return prepare_data(name, tasks[name].data)


@pytest.fixture
def ready(publish: Callable[[str], Any]) -> Callable[[str], Any]:
    """Writes and prepares the published files of a task: ready(name) -> what is in them, the task."""

    def make(name: str) -> tuple[Any, Task]:
        raw = publish(f"nasbench360/{name}")
        prepare(f"nasbench360/{name}")
        return raw, load_task(f"nasbench360/{name}")

    return make


def x(split: Split) -> np.ndarray:
    return np.asarray(split.x)


def y(split: Split) -> np.ndarray:
    return np.asarray(split.y)


def test_cifar100(ready: Any) -> None:
    raw, task = ready("cifar100")
    assert task.shape == "[3, 32, 32] -> [100], 16 train, 6 test"
    mean, std = np.array([0.5071, 0.4867, 0.4408]), np.array([0.2675, 0.2565, 0.2761])
    for split, part, rows in (
        (task.train, "train", slice(0, 16)),
        (task.validation, "train", slice(16, 20)),
        (task.test, "test", slice(0, 6)),
    ):
        data, labels = raw[part]
        pictures = data[rows].reshape(-1, 3, 1024).transpose(0, 2, 1) / 255
        expected = ((pictures - mean) / std).transpose(0, 2, 1).reshape(-1, 3, 32, 32)
        np.testing.assert_allclose(x(split), expected, atol=1e-6)
        assert y(split).tolist() == labels[rows]


def test_spherical(ready: Any) -> None:
    raw, task = ready("spherical")
    images, labels = raw["train"]["images"], raw["train"]["labels"]
    np.testing.assert_allclose(x(task.train), images[:16] / 255, atol=1e-7)
    np.testing.assert_allclose(x(task.validation), images[16:] / 255, atol=1e-7)
    np.testing.assert_array_equal(y(task.train), labels[:16])
    np.testing.assert_allclose(x(task.test), raw["test"]["images"] / 255, atol=1e-7)
    np.testing.assert_array_equal(y(task.test), raw["test"]["labels"])


def test_darcy(ready: Any) -> None:
    raw, task = ready("darcy")
    assert task.shape == "[3, 85, 85] -> [1, 85, 85], 9 train, 4 test"
    assert len(task.validation) == 1
    coarse = {
        part: {name: field[:, ::5, ::5] for name, field in fields.items()} for part, fields in raw.items()
    }
    training = {name: field[:9] for name, field in coarse["smooth1"].items()}
    mean, std = training["coeff"].mean(0), training["coeff"].std(0, ddof=1) + 1e-5
    for split, fields in ((task.train, training), (task.test, coarse["smooth2"])):
        np.testing.assert_allclose(x(split)[:, 0], (fields["coeff"] - mean) / std, rtol=1e-3, atol=1e-4)
        solution = y(split)[:, 0] * y(split)[:, 2] + y(split)[:, 1]
        np.testing.assert_allclose(solution, fields["sol"], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(y(split)[0, 1], training["sol"].mean(0), rtol=1e-5)
        np.testing.assert_allclose(y(split)[0, 2], training["sol"].std(0, ddof=1) + 1e-5, rtol=1e-5)
    held_out = y(task.validation)[0]
    np.testing.assert_allclose(
        held_out[0] * held_out[2] + held_out[1], coarse["smooth1"]["sol"][9], rtol=1e-4, atol=1e-6
    )
    targets = torch.from_numpy(y(task.test))
    errors = task.sample_losses(targets[:, :1], targets), task.sample_losses(0 * targets[:, :1], targets)
    expected = [  # of the mean at each point, which is what 0 is decoded to
        np.linalg.norm(training["sol"].mean(0) - one) / np.linalg.norm(one)
        for one in coarse["smooth2"]["sol"]
    ]
    np.testing.assert_allclose(errors[0], 0, atol=1e-6)
    np.testing.assert_allclose(errors[1], expected, rtol=1e-4)
    line = np.linspace(0, 1, 85)
    np.testing.assert_allclose(x(task.test)[1, 1, 7], line, atol=1e-7)
    np.testing.assert_allclose(x(task.test)[1, 2, :, 7], line, atol=1e-7)


def test_psicov(ready: Any) -> None:
    raw, task = ready("psicov")
    assert task.shape == "[57, 512, 512] -> [1, 512, 512], 3 train, 2 test"
    assert len(task.validation) == 1
    for split, names in (
        (task.validation, ("1abcA",)),
        (task.train, ("2defB", "3ghiC", "4jklD")),
        (task.test, ("1a3a", "1a6m")),
    ):
        for i, name in enumerate(names):
            features, apart = raw[name]
            given, target = split.x[np.array([i])][0], split.y[np.array([i])][0, 0]
            length, r, c = len(features["seq"]), 3, 11
            pair = [features["ss"][j, k] for j in range(3) for k in (c, r)]
            pair += [features["pssm"][k, j] for j in range(22) for k in (c, r)]
            pair += [features[key][k] for key in ("sa", "entropy") for k in (c, r)]
            pair += [features[key][r, c] for key in ("ccmpred", "freecon", "potential")]
            np.testing.assert_allclose(given[:, 5 + r, 5 + c], pair, rtol=1e-6)
            assert not given[:, :5].any()
            assert not given[:, 5 + length :].any()
            assert target[5 + r, 5 + c] == np.clip(apart[r, c], 1, 16)
            between = np.clip(apart[[4, 4], [3, 5]].astype(float), 1, None).mean()
            assert target[9, 9] == pytest.approx(min(between, 16), rel=1e-6)
            assert (target[:5] == 16).all()
            assert (target[5 + length :] == 16).all()


def test_cosmic(ready: Any) -> None:
    raw, task = ready("cosmic")
    assert task.shape == "[1, 128, 128] -> [1, 128, 128], 5 train, 3 test"
    assert len(task.validation) == 1

    def expected(part: Any, visit: Any, number: Any) -> Any:
        place = f"npy_{part}/f435w/{visit}"
        layers = np.load(io.BytesIO(raw[part][f"{place}/{number}_0.npy"]))[:, 64:192, 64:192]
        sky = np.load(io.BytesIO(raw[part][f"{place}/sky.npy"]))[number - 1]
        return layers[0], np.where(layers[2] == 1, -1, layers[1]), sky

    names = [("10760/2", n) for n in (1, 2, 4)] + [("12058/16", n) for n in (1, 2, 4)]
    order = shuffled(6, "cosmic")
    for split, part, visits in (
        (task.train, "train", [names[i] for i in order[:5]]),
        (task.validation, "train", [names[i] for i in order[5:]]),
        (task.test, "test", [("13737/3", n) for n in (1, 2, 4)]),
    ):
        for given, target, (visit, number) in zip(x(split), y(split), visits, strict=True):
            picture, mask, sky = expected(part, visit, number)
            np.testing.assert_array_equal(given[0], picture)
            np.testing.assert_array_equal(target[0], mask)
            np.testing.assert_allclose(target[1], sky, rtol=1e-6)


def test_cosmic_follows_a_list_that_lies_beside_it(publish: Callable[[str], Any], tmp_path: Path) -> None:
    publish("nasbench360/cosmic")
    folder = tmp_path / "data/nasbench360/cosmic/published"
    np.save(folder / "test_dirs.npy", [f"./cosmic/npy_test/f606w/10595/2/{n}_0.npy" for n in (4, 1)])
    assert prepare("nasbench360/cosmic").length("test_x") == 2


def test_ninapro(ready: Any) -> None:
    raw, task = ready("ninapro")
    for split, part in ((task.train, "train"), (task.validation, "val"), (task.test, "test")):
        np.testing.assert_allclose(x(split)[:, 0], raw[part][0].transpose(0, 2, 1), rtol=1e-6)
        np.testing.assert_array_equal(y(split), raw[part][1])


def test_fsd50k(ready: Any) -> None:
    raw, task = ready("fsd50k")
    assert task.shape == "[1, 96, 102] -> [200], 7 train, 6 test"
    for split, names, clips in (
        (task.train, [f"tr{c}_{k}.wav" for c in range(4) for k in range(1 + c % 3)], [-1] * 7),
        (task.test, [f"eval{c}_{k}.wav" for c in range(3) for k in range(1 + c % 3)], [0, 1, 1, 2, 2, 2]),
    ):
        assert y(split)[:, -1].tolist() == clips
        for i, name in enumerate(names):
            sound, labels = raw[name]
            there = [f"Sound_{k}" for k in np.flatnonzero(y(split)[i, :-1])]
            assert there == sorted(labels, key=lambda word: int(word[6:]))
            whole = np.tile(sound, 3)[: max(22050, len(sound))].astype(np.float32) / 32768
            expected = fitted(spectrogram(whole))
            np.testing.assert_allclose(x(split)[i, 0], expected, atol=0.05)


def test_ecg(ready: Any) -> None:
    raw, task = ready("ecg")
    train, rest = train_test_split(np.arange(16), test_size=0.2, random_state=0)
    validation, test = train_test_split(rest, test_size=0.5, random_state=0)
    strides = {"N": 500, "A": 83, "O": 250, "~": 25}
    assert task.classes == tuple(strides)
    for split, records in ((task.train, train), (task.validation, validation), (task.test, test)):
        windows, letters = [], []
        for i in records:
            record = raw["data"][i].astype(float)
            record = (record - record.mean()) / record.std()
            for start in range(0, len(record) - 1000, strides[raw["label"][i]]):
                windows.append(record[start : start + 1000])
                letters.append(raw["label"][i])
        np.testing.assert_allclose(x(split)[:, 0], windows, atol=1e-5)
        assert [task.classes[k] for k in y(split)] == letters


def test_satellite(ready: Any) -> None:
    raw, task = ready("satellite")
    train, validation = (
        {(*row, label) for row, label in zip(x(split)[:, 0].tolist(), y(split).tolist(), strict=True)}
        for split in (task.train, task.validation)
    )
    assert (len(train), len(validation)) == (32, 4)
    published = raw["train"]["data"].astype(np.float32).tolist()
    assert train | validation == {
        (*row, label - 1) for row, label in zip(published, raw["train"]["label"].tolist(), strict=True)
    }
    np.testing.assert_allclose(x(task.test)[:, 0], raw["test"]["data"], rtol=1e-6)
    np.testing.assert_array_equal(y(task.test), raw["test"]["label"] - 1)


def test_deepsea(ready: Any) -> None:
    raw, task = ready("deepsea")
    for split, part in ((task.train, "train"), (task.validation, "val"), (task.test, "test")):
        np.testing.assert_array_equal(x(split), raw[f"x_{part}"].transpose(0, 2, 1))
        np.testing.assert_array_equal(y(split), raw[f"y_{part}"])
