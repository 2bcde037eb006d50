"""Tables of parquet: as columns of numbers, text or lists; of bad ones, one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isthmus.tasks.custom import custom_task

X = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
Y = np.array(["no", "yes"])[np.arange(12) % 2]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def put_parquet(here: Path) -> Callable[[pd.DataFrame], str]:
    """Writes a table to a file."""

    def put(frame: pd.DataFrame) -> str:
        frame.to_parquet("my.parquet", index=False)
        return "my.parquet"

    return put


def test_columns_of_parquet(put_parquet: Any, here: Path) -> None:
    frame = pd.DataFrame(X.astype(np.float64), columns=list("abcde")).assign(label=Y)
    task = custom_task(put_parquet(frame))
    np.testing.assert_array_equal(task.train.x[:, 0], X)
    assert task.classes == ("no", "yes")
    series = pd.DataFrame({"label": Y, "signal": list(X)})
    put_parquet(series)
    (here / "my.yaml").write_text("data: my.parquet\nx: signal\ny: label\n")
    task = custom_task("my.yaml")
    np.testing.assert_array_equal(task.train.x[:, 0], X)


@pytest.mark.parametrize(
    ("frame", "key", "upto"),
    [
        (pd.DataFrame({"a": [1.0, np.nan], "y": [0, 1]}), "my.parquet", ""),
        (pd.DataFrame({"a": [1.0, 2.0], "y": ["p", None]}), "my.parquet", ""),
        (pd.DataFrame({"a": [1.0, 2.0], "y": [{"b": 1}, {"b": 2}]}), "my.parquet", ""),
        (pd.DataFrame({"a": [[1.0], [2.0, 3.0]], "y": [0, 1]}), "my.parquet:a", "as a column:"),
        (pd.DataFrame(), "my.parquet", ""),
    ],
)
def test_wrong_parquet(
    put_parquet: Any, frame: pd.DataFrame, key: str, upto: str, refuses: Callable[..., Any]
) -> None:
    path = put_parquet(frame)
    with refuses("file", key, upto=upto):
        custom_task(path)
