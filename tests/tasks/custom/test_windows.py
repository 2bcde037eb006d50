"""Recordings become windows: against a slow reference; their targets, times and groups."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.errors import InputError
from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.layout import layouts
from isthmus.tasks.custom.raw_samples import Samples
from isthmus.tasks.custom.windows import to_windows


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
    st.integers(2, 6),
    st.none() | st.integers(1, 7),
    st.sampled_from(["majority", "end"]),
)
def test_windows(lengths: list[int], window: int, stride: int | None, label: str) -> None:
    rng = np.random.default_rng(sum(lengths))
    x = [rng.normal(size=(2, length)) for length in lengths]
    y = [rng.integers(0, 3, length) for length in lengths]
    expected = []
    for number, (series, targets) in enumerate(zip(x, y, strict=True)):
        for start in range(0, len(targets) - window + 1, stride or window):
            part = targets[start : start + window].tolist()
            majority = max(sorted(set(part)), key=part.count)
            target = part[-1] if label == "end" else majority
            expected.append((number, start, series[:, start : start + window], target))
    if not expected:
        with pytest.raises(InputError, match="no recording has"):
            to_windows(Samples(x, y), window, stride, label)
        return
    made = to_windows(Samples(x, y), window, stride, label)
    assert len(made) == len(expected)
    for index, (number, start, series, target) in enumerate(expected):
        np.testing.assert_array_equal(made.x[index], series)
        assert (made.ids["recording"][index], made.ids["first"][index]) == (number, start)
        assert (made.y[index], made.groups[index]) == (target, number)
        assert made.times[index].tolist() == [start, start + window - 1]


def test_rows_of_several_recordings_in_order_of_time() -> None:
    rng = np.random.default_rng(0)
    who, when = np.repeat(["b", "a"], 5), np.tile(np.arange(5.0), 2)
    x = np.stack([np.where(who == "a", 10, 0) + when, -when], 1)
    order = rng.permutation(10)
    order = np.concatenate([order[who[order] == "b"], order[who[order] == "a"]])
    times = np.stack([when, when], 1)
    made = layouts["rows_are_time"](Samples(x[order], x[order, 0], {}, who[order], times[order]))
    assert made.groups.tolist() == ["b", "a"]
    np.testing.assert_array_equal(made.x[0], [np.arange(5), -np.arange(5)])
    np.testing.assert_array_equal(made.x[1][0], 10 + np.arange(5))
    np.testing.assert_array_equal(made.y[1], 10 + np.arange(5))
    np.testing.assert_array_equal(made.times[0], np.arange(5))


@pytest.fixture
def recordings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pd.DataFrame:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 2)), columns=["ax", "ay"])
    frame = frame.assign(who=np.repeat(np.arange(8), 50), activity=np.repeat(np.arange(40) % 2, 10))
    frame.to_csv("walk.csv", index=False)
    return frame


def test_whole_recordings_are_held_out(recordings: pd.DataFrame) -> None:
    keys = {"layout": "rows_are_time", "window": 10, "stride": 5, "hold_out": 0.25}
    task = custom_task("walk.csv", group="who", **keys)
    assert task.input_shape == (2, 10)
    assert (len(task.train), len(task.test)) == (6 * 9, 2 * 9)
    ax = recordings["ax"].to_numpy(dtype=np.float32).reshape(8, 50)
    sides = [{int(np.argwhere(ax == v)[0, 0]) for v in part.x[:, 0, 0]} for part in (task.train, task.test)]
    assert not sides[0] & sides[1]


def test_windows_of_one_recording_are_cut_in_time_and_share_no_point(recordings: pd.DataFrame) -> None:
    task = custom_task("walk.csv", x=("ax", "ay"), layout="rows_are_time", window=10, stride=3, hold_out=0.25)
    assert task.origin.description.split == "time"
    points = [set(part.x[:, 0].ravel().tolist()) for part in (task.train, task.test)]
    assert not points[0] & points[1]
    assert task.train.cut.keys.shape == (len(task.train), 2)


def test_a_recording_with_one_target_is_one_sample(
    recordings: pd.DataFrame, refuses: Callable[..., Any]
) -> None:
    with refuses("missing", "window"):
        custom_task("walk.csv", layout="rows_are_time", group="who")
    recordings.assign(activity=recordings["who"] % 2).to_csv("walk.csv", index=False)
    task = custom_task("walk.csv", layout="rows_are_time", group="who")
    assert (task.input_shape, len(task.train), task.train.y.tolist()) == ((2, 50), 8, [0, 1] * 4)


def test_windows_of_samples_that_have_a_target_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(12, 30))
    np.savez("long.npz", x=x, y=np.arange(12) % 3)
    task = custom_task("long.npz", window=10, hold_out=0.34)
    assert (task.input_shape, len(task.train) + len(task.test)) == ((1, 10), 36)
    np.testing.assert_array_equal(np.sort(task.train.y), np.repeat([0, 1, 2], len(task.train) // 3))
    assert task.origin.description.split == "group"


def test_numbers_are_averaged_over_a_window(recordings: pd.DataFrame) -> None:
    recordings.assign(effort=np.arange(400.0) / 7).drop(columns=["activity", "who"]).to_csv(
        "walk.csv", index=False
    )
    task = custom_task("walk.csv", y="effort", layout="rows_are_time", window=40)
    np.testing.assert_allclose(task.train.y[:, 0], (np.arange(10) * 40 + 19.5) / 7, rtol=1e-5)
    task = custom_task("walk.csv", y="effort", layout="rows_are_time", window=40, window_label="end")
    np.testing.assert_allclose(task.train.y[:, 0], (np.arange(10) * 40 + 39) / 7, rtol=1e-5)


def test_pictures_have_no_windows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("my.npz", x=np.zeros((4, 3, 5, 5)), y=np.arange(4) % 2)
    with refuses("value", "window"):
        custom_task("my.npz", window=3)
    with refuses("value", "layout"):
        custom_task("my.npz", layout="rows_are_time")
