"""Which values of a published file are input and target, of which samples; and what is refused."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from isthmus.store import DataSet, Store
from isthmus.store.prepare import prepare as prepare_data
from isthmus.store.verify import verify
from isthmus.tasks import load_task, tasks
from isthmus.tasks.generated import generate
from isthmus.tasks.pdebench.pairs import split

Arrays = dict[str, np.ndarray]
Publish = Callable[..., tuple[Path, Arrays]]

NAMES = [name.removeprefix("pdebench/") for name in tasks if name.startswith("pdebench/")]
PAIRS: dict[str, Callable[[Arrays], tuple[np.ndarray, ...]]] = {
    "advection1d": lambda a: (a["tensor"][:, 0, [0, 4, 8]], a["tensor"][:, 200, [0, 4, 8]]),
    "burgers1d": lambda a: (a["tensor"][:, 0], a["tensor"][:, 200]),
    "reaction-diffusion1d": lambda a: (a["tensor"][:, 0], a["tensor"][:, 29]),
    "diffusion-sorption1d": lambda a: (a["data"][:, 0, :, 0], a["data"][:, 100, :, 0]),
    "navier-stokes1d": lambda a: tuple(
        np.hstack([a[name][:, t] for name in ("density", "pressure", "Vx")]) for t in (0, 100)
    ),
    "darcy2d": lambda a: (
        a["nu"][:, [0, 2, 4]][:, :, [0, 2, 4]],
        a["tensor"][:, 0, [0, 2, 4]][:, :, [0, 2, 4]],
    ),
    "shallow-water2d": lambda a: (a["data"][:, 0, ..., 0], a["data"][:, 100, ..., 0]),
    "reaction-diffusion2d": lambda a: (a["data"][:, 0, ..., 0], a["data"][:, 100, ..., 1]),
}


def standardised(x: np.ndarray, y: np.ndarray, train: range) -> tuple[np.ndarray, np.ndarray]:
    """Scale both by mean and deviation of the training inputs at each point, as published."""
    mean = x[train].mean(0, dtype=np.float64).astype(np.float32)
    std = (x[train].std(0, ddof=1, dtype=np.float64) + 1e-5).astype(np.float32)
    return (x - mean) / std, (y - mean) / std


TEST_LAST = ("diffusion-sorption1d", "shallow-water2d", "reaction-diffusion2d")


def data_of(name: str) -> DataSet:
    data = tasks[name].data
    assert data is not None
    return data


def prepare(name: str) -> Store:
    return prepare_data(name, data_of(name))


def test_all_eight_are_there() -> None:
    assert sorted(PAIRS) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_states_of_the_published_samples(publish: Publish, name: str) -> None:
    _, arrays = publish(name)
    prepare(f"pdebench/{name}")
    task = load_task(f"pdebench/{name}")
    rows = [range(16), range(16, 18), range(18, 20)]
    if name not in TEST_LAST:
        rows = [range(4, 20), range(2, 4), range(2)]
    x, y = (np.expand_dims(fields, 1) for fields in PAIRS[name](arrays))
    if name == "navier-stokes1d":
        x, y = standardised(x, y, rows[0])
    for part, numbers in zip((task.train, task.validation, task.test), rows, strict=True):
        assert part is not None
        np.testing.assert_array_equal(part.x, x[numbers])
        np.testing.assert_array_equal(part.y[np.arange(len(part))][:, :1], y[numbers])
    assert task.y_mean == pytest.approx([y[rows[0]].mean(dtype=np.float64)])
    assert task.y_std == pytest.approx([y[rows[0]].std(dtype=np.float64)])
    assert task.about == tasks[f"pdebench/{name}"].about
    assert (task.metric, task.output.channels) == ("nrmse", 1)
    assert task.loss == ("rmse" if name in ("burgers1d", "navier-stokes1d") else "nrmse")


@pytest.mark.parametrize("name", NAMES)
def test_counts_that_are_not_the_published_ones_are_said(publish: Publish, name: str) -> None:
    publish(name)
    prepare(f"pdebench/{name}")
    samples = 1000 if name in ("shallow-water2d", "reaction-diffusion2d") else 10_000
    short = verify(f"pdebench/{name}", data_of(f"pdebench/{name}"))
    assert short[0] == f"train_x has 16 rows, and {samples * 81 // 100} are published"


@pytest.mark.parametrize("samples", [3, 4, 19, 64, 1000, 10_000])
@pytest.mark.parametrize("test_first", [True, False])
def test_parts_are_disjoint_and_together_all(samples: int, test_first: bool) -> None:
    parts = split(samples, test_first)
    assert sorted(number for numbers in parts.values() for number in numbers) == list(range(samples))
    assert all(parts.values())
    assert len(parts["test"]) == max(1, samples // 10)
    assert (parts["test"].start == 0) if test_first else (parts["test"].stop == samples)


@pytest.mark.parametrize("together", [1, 3, 64])
def test_how_many_are_read_at_a_time_changes_nothing(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    _, arrays = publish("darcy2d")
    monkeypatch.setattr("isthmus.tasks.pdebench.pairs.READ_SAMPLES", together)
    store = prepare("pdebench/darcy2d")
    np.testing.assert_array_equal(store["train_y"][:, 0], PAIRS["darcy2d"](arrays)[1][4:])


def test_a_large_file_is_never_in_memory(root: Path, publish: Publish) -> None:
    path, _ = publish("advection1d")
    with h5py.File(path, "w") as file:  # 1.6 GB of zeros, which take no place on the disk
        file.create_dataset("tensor", (2000, 201, 1024), np.float32)
    tracemalloc.start()
    try:
        store = prepare("pdebench/advection1d")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert store.length("train_x") == 1620
    assert peak < 10e6


def test_files_that_are_no_hdf5_of_this_version(publish: Publish, refuses: Callable[..., Any]) -> None:
    path, _ = publish("burgers1d")
    good = path.read_bytes()
    upto = f"'{path}' cannot be read as HDF5:"
    path.write_bytes(good[:-1000])
    with refuses("file", path, upto=upto) as error:
        prepare("pdebench/burgers1d")
    assert "truncated file" in str(error.value)
    for damaged in (good[:8] + b"\x09" + good[9:], b"tensor"):
        path.write_bytes(damaged)
        with refuses("file", path, upto=upto):
            prepare("pdebench/burgers1d")


@pytest.mark.parametrize(
    ("name", "changes", "place"),
    [
        ("burgers1d", {"tensor": None, "u": np.zeros((20, 201, 8))}, ""),
        ("navier-stokes1d", {"Vx": None}, ""),
        ("burgers1d", {"tensor": np.zeros((20, 201))}, ""),
        ("burgers1d", {"tensor": np.zeros((20, 101, 8))}, ""),
        ("darcy2d", {"tensor": np.zeros((20, 2, 6, 5))}, ""),
        ("darcy2d", {"tensor": np.zeros((19, 1, 6, 5))}, ""),
        ("darcy2d", {"tensor": np.zeros((20, 1, 4, 5))}, ""),
        ("shallow-water2d", {"data": np.zeros((20, 60, 4, 3, 1))}, ":0000"),
        ("shallow-water2d", {"data": np.zeros((20, 101, 4, 3, 2))}, ":0000"),
        ("shallow-water2d", {"data": None, "u": np.zeros((20, 3))}, ":0000"),
        ("burgers1d", {"tensor": np.zeros((2, 201, 8))}, ""),
        ("burgers1d", {"tensor": np.zeros((0, 201, 8))}, ""),
        ("shallow-water2d", {"data": np.zeros((0, 101, 4, 3, 1))}, ""),
    ],
)
def test_files_of_another_kind(
    publish: Publish, name: str, changes: dict[str, Any], place: str, refuses: Callable[..., Any]
) -> None:
    path, _ = publish(name, **changes)
    with refuses("file", f"{path}{place}"):
        prepare(f"pdebench/{name}")


def test_a_file_of_the_other_layout(publish: Publish, refuses: Callable[..., Any]) -> None:
    path, _ = publish("diffusion-sorption1d")
    with h5py.File(path, "w") as file:
        file["tensor"] = np.zeros((20, 101, 8))
    with refuses("file", f"{path}:tensor"):
        prepare("pdebench/diffusion-sorption1d")
    path, _ = publish("burgers1d")
    with h5py.File(path, "w") as file:
        file["0000/data"] = np.zeros((101, 8, 1))
    with refuses("file", path):
        prepare("pdebench/burgers1d")


def test_samples_of_different_size(publish: Publish, refuses: Callable[..., Any]) -> None:
    path, _ = publish("shallow-water2d")
    with h5py.File(path, "r+") as file:
        del file["0003"]
        file["0003/data"] = np.zeros((101, 5, 3, 1))
    with refuses("file", path):
        prepare("pdebench/shallow-water2d")


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_values_that_are_none(publish: Publish, value: float, refuses: Callable[..., Any]) -> None:
    path, arrays = publish("navier-stokes1d")
    arrays["pressure"][7, 100, 3] = value
    publish("navier-stokes1d", **arrays)
    with refuses("file", path):
        prepare("pdebench/navier-stokes1d")
    arrays["pressure"][7, [100, 1], 3] = 0, value  # a time that is not read
    publish("navier-stokes1d", **arrays)
    prepare("pdebench/navier-stokes1d")


def test_targets_that_are_all_the_same(publish: Publish, refuses: Callable[..., Any]) -> None:
    publish("burgers1d", tensor=np.ones((20, 201, 8)))
    folder = prepare("pdebench/burgers1d").folder
    with refuses("file", folder):
        load_task("pdebench/burgers1d")


def test_the_gas_is_measured_in_units_of_each_points_deviation(publish: Publish) -> None:
    """In the units of the file pressure is all of the error; here the three variables count alike.

    A predictor with exact pressure and mean density and velocity has two thirds of the squared error.
    """
    rng = np.random.default_rng(0)
    shape, sizes = (200, 101, 8), {"density": 1.0, "pressure": 30.0, "Vx": 0.5}
    drawn = {name: np.float32(size * rng.normal(size=(200, 1, 8))) for name, size in sizes.items()}
    publish("navier-stokes1d", **{name: np.broadcast_to(field, shape) for name, field in drawn.items()})
    prepare("pdebench/navier-stokes1d")
    task = load_task("pdebench/navier-stokes1d")
    assert task.test is not None
    y = torch.from_numpy(task.test.y[np.arange(len(task.test))])
    assert y.shape[1:] == (3, 24)
    np.testing.assert_allclose(y[:, :1] * y[:, 2:] + y[:, 1:2], _end_to_end(drawn)[:20], atol=1e-4)
    output = torch.zeros_like(y[:, :1])
    output[..., 8:16] = y[:, :1, 8:16]
    metric = task.new_metric()
    metric.update(output, y)
    assert metric.compute().item() == pytest.approx((2 / 3) ** 0.5, rel=0.05)
    raw, in_units = y[:, :1] * y[:, 2:] + y[:, 1:2], output * y[:, 2:] + y[:, 1:2]
    assert ((in_units - raw).norm(dim=2) / raw.norm(dim=2)).mean() < 0.06
    expected = (output - y[:, :1]).square().mean((1, 2)).sqrt()
    torch.testing.assert_close(task.sample_losses(output, y), expected)


def _end_to_end(fields: Arrays) -> np.ndarray:
    return np.concatenate([fields[name] for name in ("density", "pressure", "Vx")], 2)


@pytest.mark.parametrize(
    ("name", "attribute", "right", "wrong"),
    [
        ("advection1d", "beta", 0.4, 0.1),
        ("burgers1d", "Nu", 1.0, 0.01),
        ("reaction-diffusion1d", "rho", 1.0, 10.0),
        ("navier-stokes1d", "eta", 0.1, 1e-8),
        ("darcy2d", "beta", 0.1, 100.0),
    ],
)
def test_the_file_of_another_parameter(
    publish: Publish, name: str, attribute: str, right: float, wrong: float, refuses: Callable[..., Any]
) -> None:
    path, _ = publish(name)
    for value in (right, "as published"):
        with h5py.File(path, "r+") as file:
            file.attrs[attribute] = value
        prepare(f"pdebench/{name}")
    with h5py.File(path, "r+") as file:
        file.attrs[attribute] = wrong
    with refuses("file", path):
        prepare(f"pdebench/{name}")


def test_a_file_generated_with_another_parameter_is_right(root: Path) -> None:
    (path,) = generate("pdebench/burgers1d", samples=10, resolution=16, parameters={"nu": 2.0})
    with h5py.File(path) as file:
        assert file.attrs["Nu"] == 2
        assert file["t-coordinate"].shape == (202,)
    prepare("pdebench/burgers1d")
