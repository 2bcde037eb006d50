"""Keys of a description: what they do to data, what is refused, and that a complete one says everything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from isthmus.config.description import KEYS
from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.description_file import complete, explained, remembered

rng = np.random.default_rng(0)
N = 48
K = np.arange(N) % 2
X = rng.normal(size=(N, 10)).round(4)
WAVES = [str(400 + 2 * i) for i in range(10)]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(X, columns=WAVES).assign(field=np.arange(N) // 4, depth=X[:, 0] ** 2, label=K)
    frame.to_csv("soil.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("x", "columns"),
    [
        ("400..418", range(10)),
        ("404..409", range(2, 5)),
        ("0..1e9", range(10)),
        (("400", "410..412"), [0, 5, 6]),
        ("402", [1]),
    ],
)
def test_columns_by_range(x: Any, columns: Any) -> None:
    np.testing.assert_allclose(custom_task("soil.csv", x=x).train.x[:, 0], X[:, list(columns)], rtol=1e-5)


def test_a_range_by_place_and_what_is_dropped() -> None:
    task = custom_task("soil.csv", x="418..depth", drop="field")
    assert task.origin.description.x == ("418", "depth")
    task = custom_task("soil.csv", drop=("400..416", "field"))
    assert task.origin.description.x == ("418", "depth")


@given(st.integers(0, 10), st.sampled_from([0.1, 0.3, 0.5]))
def test_a_group_is_on_one_side(tmp_path_factory: pytest.TempPathFactory, seed: int, fraction: float) -> None:
    path = tmp_path_factory.mktemp("soil") / "soil.npz"
    groups = np.random.default_rng(seed).integers(0, 9, N)
    np.savez(path, x=groups[:, None] + np.zeros((N, 4)), y=K, where=groups)
    task = custom_task(path, group="where", hold_out=fraction, seed=seed)
    assert not set(task.train.x[:, 0, 0]) & set(task.test.x[:, 0, 0])
    assert len(task.train) + len(task.test) == N
    np.testing.assert_array_equal(np.unique(groups)[task.train.cut.keys].shape, (len(task.train),))
    for name in set(task.train.x[:, 0, 0]):
        assert len(set(task.train.cut.keys[task.train.x[:, 0, 0] == name])) == 1


def test_the_last_in_time_are_held_out() -> None:
    order = rng.permutation(N)
    np.savez("my.npz", x=order[:, None] * np.ones(4), y=order % 2, when=order)
    task = custom_task("my.npz", time="when", split="time", hold_out=0.25)
    assert sorted(task.test.x[:, 0, 0]) == list(range(36, 48))
    dates = np.datetime_as_string(np.datetime64("2024-01-01") + order)
    np.savez("my.npz", x=order[:, None] * np.ones(4), y=order % 2, when=dates)
    again = custom_task("my.npz", time="when", split="time", hold_out=0.25)
    np.testing.assert_array_equal(again.test.x, task.test.x)


def test_other_groups_are_other_data() -> None:
    """Their validation samples differ, so a run does not go on with them."""
    np.savez("my.npz", x=X, y=K, a=np.arange(N) // 2, b=np.arange(N) // 3)
    prints = {custom_task("my.npz", group=group).fingerprint() for group in ("a", "b", None)}
    assert len(prints) == 3


@pytest.mark.parametrize(
    ("keys", "kind", "key"),
    [
        ({"layot": "pictures"}, "unknown", "layot"),
        ({"layout": "picture"}, "unknown", "picture"),
        ({"fill": "median"}, "unknown", "median"),
        ({"split": "groups"}, "unknown", "groups"),
        ({"window": 4, "window_label": "middle"}, "unknown", "middle"),
        ({"window": 1}, "value", "window"),
        ({"stride": 3}, "missing", "window"),
        ({"window": 99}, "value", "window"),
        ({"x": "2..3"}, "unknown", "2..3"),
        ({"x": "400..none"}, "unknown", "none"),
        ({"drop": "nothing"}, "unknown", "nothing"),
        ({"group": "nothing"}, "unknown", "nothing"),
        ({"drop": ("400..418", "field", "depth", "word")}, "missing", "x"),
        ({"group": "field", "split": "random"}, "conflict", "split"),
        ({"group": "field", "split": "time"}, "conflict", "split"),
        ({"split": "group"}, "value", "group"),
        ({"time": "label", "y": "depth", "layout": "pictures"}, "value", "layout"),
        ({"layout": "rows_are_time"}, "missing", "window"),
        (
            {"layout": "rows_are_time", "window": 6, "window_label": "mean", "y": "word"},
            "value",
            "window_label",
        ),
        ({"time": "word"}, "value", "time"),
    ],
)
def test_wrong_keys(keys: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]) -> None:
    frame = pd.read_csv("soil.csv").assign(word=np.array(["a", "b"])[K])
    frame[[*WAVES, "field", "depth", "word", "label"]].to_csv("soil.csv", index=False)
    with refuses(kind, key):
        custom_task("soil.csv", **keys)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"group": "field", "hold_out": 0.2, "seed": 3},
        {"y": "depth", "x": "400..418", "split": "time"},
        {
            "layout": "rows_are_time",
            "window": 5,
            "stride": 2,
            "y": "depth",
            "hold_out": 0.2,
            "name": "earth",
            "about": "a: b",
        },
    ],
)
def test_a_complete_description_makes_the_same_task(here: Path, keys: dict[str, Any]) -> None:
    task = custom_task("soil.csv", **keys)
    description = task.origin.description
    texts = {
        "whole.yaml": complete(description),
        "told.yaml": explained(description, task.origin.understood.rows(), here),
    }
    for name, text in texts.items():
        (here / name).write_text(text)
        again = custom_task(name)
        assert (again.name, again.fingerprint()) == (task.name, task.fingerprint())
        assert again.origin.understood.guesses == ()
    (here / "run.yaml").write_text(remembered(description))
    assert custom_task("soil.csv", "run.yaml").fingerprint() == task.fingerprint()
    assert "soil.csv" not in (here / "run.yaml").read_text()


def test_every_key_is_explained(here: Path) -> None:
    description = custom_task("soil.csv").origin.description
    text = explained(description, [], here)
    for key in KEYS.values():
        assert f"\n# {key.about}\n" in text
        assert f"\n{key.name}:" in text or f"\n# {key.name}:\n" in text
    assert yaml.safe_load(text)["x"] == "400..depth"


def test_what_was_understood_is_told() -> None:
    told = dict(custom_task("soil.csv", group="field", hold_out=0.25, y="label").origin.understood.rows())
    assert told["file"] == "soil.csv"
    assert told["samples"] == "48"
    assert (
        told["x"]
        == "columns '400', '402', '404', '406', '408' and 6 more: series of 1 x 11 (channel x column)"
    )
    assert told["y"] == "column 'label': classification"
    assert told[""] == "2 classes in the training data: 0 18, 1 18"
    assert told["splits"].startswith("36 training, 12 test, held out by whole groups; validation: cut from")
    assert told["ids"] == "groups (9 in the training data) 'field'"
