"""Generated files are the same after an interruption and with any number of processes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from isthmus.pde import equations, generate
from isthmus.seeding import numpy_generator

CONFIG: dict[str, Any] = {"samples": 40, "resolution": 16, "seed": 3}


class Interrupting:
    """A progress callback that records its calls and raises KeyboardInterrupt at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.calls: list[tuple[int, int]] = []

    def __call__(self, done: int, samples: int) -> None:
        self.calls.append((done, samples))
        if len(self.calls) == self.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["advection1d", "diffusion-sorption1d"])
def test_the_file_holds_the_samples_in_their_order(tmp_path: Path, name: str) -> None:
    path = generate(name, tmp_path / "a.hdf5", **CONFIG)
    equation = equations[name]()
    with h5py.File(path) as file:
        for i in (0, 3, 16, 38, 39):
            expected = equation.sample([numpy_generator(3, "pde", name, i)], 16)
            for field, values in expected.items():
                stored = file[f"{i:04d}"][field] if name == "diffusion-sorption1d" else file[field][i]
                np.testing.assert_array_equal(stored, values[0].astype(np.float32))
        said = json.loads(file.attrs["isthmus"])
        assert {k: v for k, v in file.attrs.items() if k != "isthmus"} == equation.attributes
    assert (
        said.pop("parameters")
        == {
            "advection1d": {"beta": 0.4, "waves": 4},
            "diffusion-sorption1d": {
                "diffusion": 5e-4,
                "porosity": 0.29,
                "density": 2880,
                "freundlich": 3.5e-4,
                "exponent": 0.874,
            },
        }[name]
    )
    assert said == {"equation": name, **CONFIG}


@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_interrupted_call_goes_on_to_the_same_bytes(tmp_path: Path, at: int) -> None:
    whole = generate("advection1d", tmp_path / "whole.hdf5", **CONFIG)
    path = tmp_path / "a.hdf5"
    with pytest.raises(KeyboardInterrupt):
        generate("advection1d", path, **CONFIG, progress=Interrupting(at))
    assert not path.exists()
    again = Interrupting()
    generate("advection1d", path, **CONFIG, progress=again)
    assert again.calls == [(0, 40), (16, 40), (32, 40), (40, 40)][at - 1 :]
    assert path.read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.hdf5", "whole.hdf5"]


def test_processes_change_nothing(tmp_path: Path) -> None:
    one = generate("advection1d", tmp_path / "1.hdf5", **CONFIG)
    progress = Interrupting()
    two = generate("advection1d", tmp_path / "2.hdf5", **CONFIG, processes=2, progress=progress)
    assert one.read_bytes() == two.read_bytes()
    assert progress.calls[0] == (0, 40)
    assert progress.calls[-1] == (40, 40)
    assert len(progress.calls) == 4


def test_fewer_samples_are_the_first_of_more(tmp_path: Path) -> None:
    few = generate("advection1d", tmp_path / "few.hdf5", **CONFIG | {"samples": 3})
    many = generate("advection1d", tmp_path / "many.hdf5", **CONFIG)
    with h5py.File(few) as f, h5py.File(many) as m:
        np.testing.assert_array_equal(f["tensor"], m["tensor"][:3])


def test_parameters_and_seeds_change_the_samples(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [{}, {"beta": 1.0}, {"seed": 4}]
    paths = [
        generate("advection1d", tmp_path / f"{i}.hdf5", **CONFIG | change) for i, change in enumerate(changes)
    ]
    tensors = []
    for path in paths:
        with h5py.File(path) as file:
            tensors.append(file["tensor"][:])
    np.testing.assert_array_equal(tensors[0][:, 0], tensors[1][:, 0])
    assert not np.array_equal(tensors[0][:, 9], tensors[1][:, 9])
    assert not np.array_equal(tensors[0][:, 0], tensors[2][:, 0])


@pytest.mark.parametrize(
    ("equation", "change", "kind", "key"),
    [
        ("burger1d", {}, "unknown", "burger1d"),
        ("burgers1d", {"samples": 0}, "value", "samples"),
        ("burgers1d", {"samples": 2.5}, "value", "samples"),
        ("burgers1d", {"samples": True}, "value", "samples"),
        ("burgers1d", {"resolution": 15}, "value", "resolution"),
        ("burgers1d", {"seed": -1}, "value", "seed"),
        ("burgers1d", {"processes": 0}, "value", "processes"),
        ("burgers1d", {"mu": 1.0}, "unknown", "mu"),
        ("burgers1d", {"nu": "thick"}, "value", "equation.nu"),
        ("burgers1d", {"nu": float("inf")}, "value", "equation.nu"),
        ("burgers1d", {"nu": 0.01}, "value", "equation.nu"),
        ("shallow-water2d", {"resolution": 33}, "value", "resolution"),
    ],
)
def test_bad_input_is_said_before_anything_is_written(
    tmp_path: Path, equation: str, change: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses(kind, key):
        generate(equation, tmp_path / "a.hdf5", **CONFIG | change)
    assert list(tmp_path.iterdir()) == []


def test_numpy_numbers_are_numbers(tmp_path: Path) -> None:
    config: dict[str, Any] = {"samples": np.int64(2), "resolution": np.int32(16), "seed": np.uint8(3)}
    generate("advection1d", tmp_path / "a.hdf5", **config)


def test_what_was_damaged_in_between_is_solved_again(tmp_path: Path) -> None:
    whole = generate("advection1d", tmp_path / "whole", **CONFIG).read_bytes()
    with pytest.raises(KeyboardInterrupt):
        generate("advection1d", tmp_path / "parts", **CONFIG, progress=Interrupting(2))
    data = tmp_path / "parts.unfinished" / "data"
    with open(data, "r+b") as file:
        file.seek(-len(whole) // 2, 2)  # amid the samples that are done
        file.write(b"damaged")
    assert generate("advection1d", tmp_path / "parts", **CONFIG).read_bytes() == whole


def test_an_unfinished_file_that_is_no_hdf5_is_one_line(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate("advection1d", tmp_path / "a", **CONFIG, progress=Interrupting(2))
    data = tmp_path / "a.unfinished" / "data"
    data.write_bytes(b"no HDF5")
    with refuses("file", data, upto="cannot be read as HDF5:"):
        generate("advection1d", tmp_path / "a", **CONFIG)
