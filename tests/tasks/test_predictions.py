"""Predictions as files: what is in them, in every format; places that cannot be written to."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isthmus.errors import InputError
from isthmus.tasks.predictions import Predictions, write_predictions

IDS = {"sample": np.array(["a", "b, c"])}


def predictions(values: np.ndarray, **more: Any) -> Predictions:
    return Predictions(**{"ids": IDS, "targets": ("y",), "values": values} | more)


@pytest.mark.parametrize(
    ("made", "rows"),
    [
        (predictions(np.array([3, 1])), [["sample", "y"], ["a", "3"], ["b, c", "1"]]),
        (
            predictions(np.array(["no", "yes"]), classes=("no", "yes"), probabilities=np.eye(2)),
            [["sample", "y", "p_no", "p_yes"], ["a", "no", "1", "0"], ["b, c", "yes", "0", "1"]],
        ),
        (
            predictions(np.array([[0.1, 2], [3, 4]], np.float32), targets=("Brix", "acid")),
            [["sample", "Brix", "acid"], ["a", "0.100000001", "2"], ["b, c", "3", "4"]],
        ),
        (
            predictions(np.arange(4).reshape(2, 1, 2)),
            [["sample", "y[0,0]", "y[0,1]"], ["a", "0", "1"], ["b, c", "2", "3"]],
        ),
    ],
)
def test_rows_under_a_header(tmp_path: Path, made: Predictions, rows: list[list[str]]) -> None:
    write_predictions(tmp_path / "new" / "y.csv", made)
    with open(tmp_path / "new" / "y.csv", newline="") as file:
        assert list(csv.reader(file)) == rows
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_mask_and_its_probabilities() -> None:
    made = predictions(
        np.array([[0, 1], [1, 1]]), classes=(0, 1), probabilities=np.arange(8).reshape(2, 2, 2)
    )
    columns = made.columns()
    assert list(columns) == ["sample", "y[0]", "y[1]", "p_0[0]", "p_0[1]", "p_1[0]", "p_1[1]"]
    np.testing.assert_array_equal(columns["p_1[0]"], made.probabilities[:, 1, 0])


def test_a_name_of_a_sample_does_not_hide_a_prediction() -> None:
    made = predictions(np.array([1, 2]), ids={"y": np.array([7, 8])})
    np.testing.assert_array_equal(made.columns()["y"], [1, 2])


def test_arrays(tmp_path: Path) -> None:
    made = predictions(np.array(["no", "yes"]), classes=("no", "yes"), probabilities=np.eye(2))
    write_predictions(tmp_path / "y.npz", made)
    with np.load(tmp_path / "y.npz") as arrays:
        assert {name: arrays[name].tolist() for name in arrays} == {
            "id": ["a", "b, c"],
            "prediction": ["no", "yes"],
            "classes": ["no", "yes"],
            "probability": [[1, 0], [0, 1]],
        }
    write_predictions(tmp_path / "p.npy", made)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), np.eye(2))
    write_predictions(tmp_path / "y.npy", predictions(np.array([1.5, 2])))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), [1.5, 2])


def test_parquet_has_the_rows_of_csv(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    made = predictions(np.array(["no", "yes"]), classes=("no", "yes"), probabilities=np.eye(2))
    write_predictions(tmp_path / "y.parquet", made)
    frame = pd.read_parquet(tmp_path / "y.parquet")
    assert {name: frame[name].tolist() for name in frame} == {
        name: values.tolist() for name, values in made.columns().items()
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_survive_csv(tmp_path: Path, dtype: Any) -> None:
    values = np.random.default_rng(0).normal(size=2).astype(dtype)
    write_predictions(tmp_path / "y.csv", predictions(values))
    read = pd.read_csv(tmp_path / "y.csv", float_precision="round_trip")["y"].to_numpy()
    np.testing.assert_array_equal(read.astype(dtype), values)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("new/y.txt", "value"),
        ("new/y", "value"),
        ("folder.csv", "file"),
        ("file/y.csv", "file"),
        ("file/new/y.csv", "file"),
    ],
)
def test_places_that_cannot_be_written(
    tmp_path: Path, name: str, kind: Any, refuses: Callable[..., Any]
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("")
    with refuses(kind, tmp_path / name):
        write_predictions(tmp_path / name, predictions(np.array([1, 2])))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.csv"]


@pytest.mark.parametrize("path", ["/proc/y.csv", "/proc/new/y.csv"])
def test_places_that_nobody_can_write_to(path: str) -> None:
    """What is wrong with them depends on who asks."""
    with pytest.raises(InputError, match=Path(path).parent.name) as error:
        write_predictions(Path(path), predictions(np.array([1, 2])))
    assert error.value.kind == "file"
    assert "\n" not in str(error.value)
