"""Class weights and balanced sampling in training: the same as by hand, refused where they say nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus import Task, custom_task, fit
from isthmus.config import make_config
from isthmus.config.resolve import resolve
from isthmus.tasks import Split
from isthmus.training.batches import TrainingBatches

CLASSES = st.lists(st.integers(0, 3), min_size=1, max_size=20)


def batches(classes, size, steps, **more) -> TrainingBatches:
    x = np.arange(len(classes), dtype=np.float32)[:, None, None]
    split = Split(x, np.asarray(classes))
    return TrainingBatches(split, None, size, steps, **{"seed": 0, "epoch": 0, "sampling": "balanced"} | more)


@given(CLASSES, st.integers(1, 6), st.integers(1, 6), st.integers(0, 3))
def test_every_class_comes_equally_often(classes, size, steps, epoch):
    classes = np.array(classes)
    order = batches(classes, size, steps, epoch=epoch).order
    assert order.shape == (steps, size)
    times = np.bincount(classes[order.ravel()], minlength=4)[np.unique(classes)]
    assert times.max() - times.min() <= 1
    for one in np.unique(classes):  # and every sample of a class equally often
        inside = np.bincount(order.ravel(), minlength=len(classes))[classes == one]
        assert inside.max() - inside.min() <= 1
    np.testing.assert_array_equal(order, batches(classes, size, steps, epoch=epoch).order)


@given(CLASSES, st.integers(1, 6), st.integers(1, 6), st.integers(1, 3))
def test_devices_share_balanced_batches(classes, size, steps, world):
    one = batches(classes, size * world, steps).order
    shared = [batches(classes, size, steps, rank=rank, world=world).order for rank in range(world)]
    np.testing.assert_array_equal(np.concatenate(shared, 1), one)


def test_epochs_and_seeds_draw_anew():
    classes = [0] * 30 + [1] * 6
    first, *others = (batches(classes, 4, 6, **draw).order for draw in ({}, {"epoch": 1}, {"seed": 1}))
    assert all((first != other).any() for other in others)


@pytest.fixture
def short(backbones, monkeypatch):
    monkeypatch.setattr("isthmus.files.flush_to_disk", lambda *_: None)
    return {
        "method": "nft", "backbone": backbones["vit"], "embedder": "patch", "scale": "channel",
        "augment": None, "epochs": 2, "epoch_steps": 2, "batch_size": 4, "probe_samples": 0, "logger": "none",
    }  # fmt: skip


def uneven(make_task, kind="classification") -> Task:
    task = make_task(kind)
    rows = np.flatnonzero(np.arange(24) % 3 != 1)[:-4]
    return replace(task, train=task.train.part(np.sort([*rows, 1, 4, 7])))


def figures(run) -> str:
    return (run.folder / "metrics.csv").read_text()


def test_class_weights_are_weights_of_samples(make_task, short, tmp_path):
    task = uneven(make_task)
    balanced = fit(task, out=tmp_path / "a", floor=False, class_weights="balanced", validation=0, **short)
    counts = np.bincount(task.train.y)
    weights = len(task.train) / (3 * counts[task.train.y])
    by_hand = replace(task, train=replace(task.train, weights=weights))
    weighted = fit(by_hand, out=tmp_path / "b", floor=False, validation=0, **short)
    assert figures(balanced) == figures(weighted)
    plain = fit(task, out=tmp_path / "c", floor=False, validation=0, **short)
    assert figures(balanced) != figures(plain)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "setting"), [
    ("classification", "sampling"), ("multilabel", "class_weights"), ("segmentation", "class_weights"),
])  # fmt: skip
def test_a_balanced_run_is_resumed_to_the_same_figures(
    make_task, short, tmp_path, monkeypatch, kind, setting
):
    task, asked = uneven(make_task, kind), {setting: "balanced", "gradient_accumulation_steps": 2, **short}
    whole = fit(task, out=tmp_path / "a", floor=False, **asked)
    made = TrainingBatches.__init__

    def cut_off(self, *args, epoch, **more):
        if epoch == 1:
            raise KeyboardInterrupt
        made(self, *args, epoch=epoch, **more)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingBatches, "__init__", cut_off)
        with pytest.raises(KeyboardInterrupt):
            fit(task, out=tmp_path / "b", floor=False, **asked)
    resumed = fit(task, out=tmp_path / "b", floor=False, resume=True, **asked)
    assert figures(resumed) == figures(whole)
    assert resumed.test_error == whole.test_error
    plain = fit(
        task,
        out=tmp_path / "c",
        floor=False,
        **asked | {setting: "none" if setting[0] == "c" else "shuffled"},
    )
    assert figures(plain) != figures(whole)


@pytest.mark.parametrize(("kind", "key", "settings"), [
    ("number", "class_weights", {"class_weights": "balanced"}),
    ("number", "sampling", {"sampling": "balanced"}),
    ("multilabel", "sampling", {"sampling": "balanced"}),
    ("classification", "sampling", {"sampling": "balanced", "class_weights": "balanced"}),
    ("classification", "class_weights", {"class_weights": "balanced", "method": "dash"}),
    ("classification", "sampling", {"sampling": "balanced", "method": "dash"}),
    ("classification", "class_weights", {"class_weights": "balanced", "method": "probe"}),
])  # fmt: skip
def test_where_it_says_nothing(make_task, kind, key, settings, refuses):
    with refuses("conflict", key):
        resolve(make_config({"task": "tiny", "method": "nft", **settings}), make_task(kind))


def write(rows) -> None:
    np.savetxt("a.csv", rows, delimiter=",", header="a,b,c,d,e,trust,y", comments="", fmt="%g")


def test_weights_of_a_file_are_those_of_its_samples(tmp_path, monkeypatch, refuses):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=(12, 5)), np.arange(12) % 4, np.arange(12) % 2])
    write(rows)
    task = custom_task("a.csv", weight="trust", y="y", x="a..e", hold_out=0.25)
    expected = task.train.x[:, 0, 0].copy()
    found = dict(zip(rows[:, 0].astype(np.float32), rows[:, 5], strict=False))
    weights = np.array([found[min(found, key=lambda v: abs(v - x))] for x in expected])
    np.testing.assert_allclose(task.train.weights, weights / weights.mean())
    assert task.test.weights is None
    assert "weights 'trust'" in task.origin.understood.ids
    assert custom_task("a.csv", weight="trust", y="y").input_shape == (1, 5)
    unweighted = custom_task("a.csv", drop=["trust"], y="y", x="a..e", hold_out=0.25)
    assert unweighted.fingerprint() != task.fingerprint()
    rows[3, 5] = -1
    write(rows)
    with refuses("value", "weight"):
        custom_task("a.csv", weight="trust", y="y")
    rows[:, 5] = 0
    write(rows)
    with refuses("value", "weight"):
        custom_task("a.csv", weight="trust", y="y")
    rows[:, 5] = 1
    write(rows)
    with refuses("conflict", "weight"):
        custom_task("a.csv", weight="trust", y="y", x=["a", "c", "d"], layout="rows_are_time", window=2)
    with refuses("unknown", "trusty"):
        custom_task("a.csv", weight="trusty")
